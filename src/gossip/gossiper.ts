import { assert } from '../std/assert.ts'
import { randomBelow, type Random } from '../std/prng.ts'
import { AddressProof } from './address-proof.ts'
import { AwakeClock } from './awake-clock.ts'
import { ClusterState } from './cluster-state.ts'
import { decodeMessage, type Message } from './codec.ts'
import { checkGossipConfig, NODES_MAX, type GossipConfig } from './config.ts'
import type { MembershipEvent } from './events.ts'
import { Exchange } from './exchange.ts'
import { LocalHealth } from './failure-detector.ts'
import { LocalNode } from './local-node.ts'
import { PeerWalk } from './peer-walk.ts'
import { Rejoin } from './rejoin.ts'

/** The world of a Gossiper: all that it can do beyond its own memory. */
export interface GossipShell {
  /** Sends one packet; it may be lost. */
  send(address: string, packet: Uint8Array): void
  /** Opens a stream to `address`, sends `message`, and passes what comes back to `receiveSync`. */
  requestSync(address: string, message: Uint8Array): void
  /** Resolves what the operator wrote into addresses, and passes them to `contact`. */
  resolve(joinAddress: string): void
  /** Tells what happened. It must not call the Gossiper back from within. */
  event(event: MembershipEvent): void
}

export interface GossiperOptions {
  readonly id: string
  readonly config: GossipConfig
  /** Unpredictable in production: the address proofs are keyed with it. */
  readonly random: Random
  readonly shell: GossipShell
}

/** Asks that a leaving node sends at once, so that most hear of it before its process ends. */
const FAREWELLS = 5
const CONTACTS_MAX = 64
/** Timers fire a little early, and sums of fractions fall a little short. */
const EARLY_MS = 1

/**
 * One node's part in the gossip: bytes and `now` in, calls on the shell out. The caller calls
 * `tick` at `deadline`, and looks at `deadline` again after every call. `now` is in milliseconds
 * and should be monotonic; a clock that jumps costs patience, never correctness.
 */
export class Gossiper {
  readonly cluster: ClusterState
  /** For metrics: only ever growing. */
  readonly counts = { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0, dropped: 0, syncs: 0 }
  private readonly config: GossipConfig
  private readonly random: Random
  private readonly shell: GossipShell
  private readonly clock: AwakeClock
  private readonly health: LocalHealth
  private readonly proof: AddressProof
  private readonly exchange: Exchange
  private readonly rejoin: Rejoin
  private readonly walk: PeerWalk
  /** The last proof that each address gave, to send back to it; the oldest make room. */
  private readonly echoes = new Map<string, number>()
  /** Addresses whose answers said that this node left. */
  private readonly farewellHeardBy = new Set<string>()
  private nextTick = 0
  private syncUntil = -1

  constructor({ id, config, random, shell }: GossiperOptions, now: number) {
    checkGossipConfig(config)
    this.config = config
    this.random = random
    this.shell = shell
    this.clock = new AwakeClock(now, config.intervalMs)
    this.health = new LocalHealth(config.intervalMs)
    // A packet that is sent again later proves nothing by the time its news could be forgotten.
    this.proof = new AddressProof(random, config.forgetAfterMs / 2)
    this.cluster = new ClusterState(new LocalNode(id, config, random), config, (event) => {
      this.shell.event(event)
    })
    this.exchange = new Exchange(this.cluster, config, random)
    this.rejoin = new Rejoin(this.cluster, config, random)
    this.walk = new PeerWalk(random)
  }

  /** When `tick` wants to be called. */
  get deadline(): number {
    return this.clock.toNow(this.nextTick)
  }

  /** How many peers are known to know that this node leaves. */
  get farewellsHeard(): number {
    return this.farewellHeardBy.size
  }

  /** Sets one of this node's keys; false when it carries as many as peers accept. */
  upsertLocal(key: string, value: string): boolean {
    return this.cluster.self.upsert(key, value)
  }

  deleteLocal(key: string): void {
    this.cluster.self.delete(key, this.clock.time)
  }

  /** Says goodbye. Keep ticking until `farewellsHeard` satisfies or patience ends. */
  leave(now: number): void {
    this.observeTime(now)
    this.cluster.self.leave()
    for (let i = 0; i < FAREWELLS; i++) this.visitPeer()
  }

  /** Addresses where nodes of this cluster may be: those not in touch already are asked. */
  contact(addresses: readonly string[], now: number): void {
    this.observeTime(now)
    const inTouch = this.rejoin.addressesInTouch()
    const missing = addresses.filter((address) => !inTouch.has(address))
    const start = randomBelow(this.random, Math.max(1, missing.length))
    const chosen = [...missing.slice(start), ...missing.slice(0, start)].slice(0, CONTACTS_MAX)
    for (const address of chosen) this.ask(address)
  }

  /** The opening message of a reconciliation over a stream, as `requestSync` also gets it. */
  syncMessage(): Uint8Array {
    return this.exchange.syncAsk()
  }

  tick(now: number): void {
    const latenessMs = now - this.deadline
    if (!this.observeTime(now)) this.health.ticked(latenessMs)
    const { time } = this.clock
    if (time < this.nextTick - EARLY_MS) return
    const { self } = this.cluster
    self.beat()
    self.collect(time)
    this.cluster.judge(time, this.health.patience)
    this.takeNextIncarnation(time)
    this.visitPeer()
    if (!self.hasLeft) this.reachOut(time)
    const stepMs = this.config.intervalMs / this.config.exchangesPerInterval
    // Nodes that started together must not stay in step.
    this.nextTick = time + stepMs * (0.9 + 0.2 * this.random())
  }

  /** Takes a datagram, from anybody. */
  receivePacket(from: string, bytes: Uint8Array, now: number): void {
    this.observeTime(now)
    this.counts.packetsIn += 1
    this.counts.bytesIn += bytes.length
    const message = decodeMessage(bytes)
    if (message === undefined) this.counts.dropped += 1
    else this.dispatch(from, message, bytes.length)
  }

  /** Takes a message from a stream; what it returns is to be sent back on that stream. */
  receiveSync(bytes: Uint8Array, now: number): Uint8Array | undefined {
    this.observeTime(now)
    const message = decodeMessage(bytes)
    if (message === undefined) this.counts.dropped += 1
    else if (message.kind === 'sync-ask') {
      this.absorb(message)
      return this.exchange.syncAnswer(message, this.clock.time)
    } else if (message.kind === 'sync-answer') {
      this.absorb(message)
      this.syncUntil = -1
      return this.exchange.syncPush(message)
    } else if (message.kind === 'sync-push') this.absorb(message)
    else this.counts.dropped += 1
    return undefined
  }

  private dispatch(from: string, message: Message, bytes: number): void {
    const isProven = this.proof.accepts(from, message.echo, this.clock.time)
    // What an unproven packet says is not taken: it may be old, or from anybody. It is answered,
    // within its own length, and the sender can prove itself with what the answer carries.
    if (message.kind === 'ask') {
      if (isProven) this.absorb(message)
      this.answer(from, message, isProven ? Infinity : bytes)
    } else if (!isProven || (message.kind !== 'answer' && message.kind !== 'push')) {
      this.counts.dropped += 1
    } else {
      this.absorb(message)
      if (message.kind === 'answer') this.conclude(from, message)
    }
    if (!isProven) return
    this.remember(from, message.proof)
    this.considerSync(from, message)
  }

  private conclude(from: string, answer: Message): void {
    this.noteFarewell(from, answer)
    this.sendAll(from, this.exchange.push(this.proofs(from, answer.proof), answer))
  }

  private absorb(message: Message): void {
    const { time } = this.clock
    for (const mention of message.mentions) this.cluster.observe(mention, time)
    for (const section of message.sections) this.cluster.absorb(section, time)
  }

  private answer(from: string, ask: Message, bytesMax: number): void {
    const proofs = this.proofs(from, ask.proof)
    this.sendAll(from, this.exchange.answer(proofs, ask, this.clock.time, bytesMax))
  }

  /** A difference of many packets goes over a stream, one at a time. */
  private considerSync(from: string, message: Message): void {
    const { time } = this.clock
    if (time < this.syncUntil || this.cluster.self.hasLeft) return
    const behind = this.cluster.versionsBehind(message.mentions, time)
    if (behind < this.config.syncVersionsMin && !message.syncAdvised) return
    this.syncUntil = time + this.config.syncTimeoutMs
    this.counts.syncs += 1
    this.shell.requestSync(from, this.exchange.syncAsk())
  }

  private visitPeer(): void {
    const id = this.walk.next(
      () => [...this.cluster.peers()].map((peer) => peer.id),
      (next) => this.cluster.peer(next)?.status === 'reachable',
    )
    const peer = id === undefined ? undefined : this.cluster.peer(id)
    if (peer !== undefined) this.ask(peer.address)
  }

  /** Knocks at the doors of those who went silent, and has the join addresses resolved. */
  private reachOut(time: number): void {
    for (const address of this.rejoin.dueAddresses(time)) this.ask(address)
    for (const joinAddress of this.rejoin.dueJoins(time)) this.shell.resolve(joinAddress)
  }

  private takeNextIncarnation(time: number): void {
    const { self } = this.cluster
    if (!self.rebirth(time)) return
    const { id, generation, life } = self
    this.shell.event({ type: 'reborn', id, generation, life })
  }

  private noteFarewell(from: string, { mentions }: Message): void {
    const { self } = this.cluster
    const isHeard = mentions.some(({ id, standing }) => id === self.id && standing === 'left')
    if (self.hasLeft && isHeard) this.farewellHeardBy.add(from)
  }

  private ask(address: string): void {
    const echo = this.echoes.get(address)
    const proofs = this.proofs(address, echo ?? 0)
    this.sendAll(address, [this.exchange.ask(proofs, echo === undefined)])
  }

  private proofs(address: string, echo: number): Pick<Message, 'proof' | 'echo'> {
    return { proof: this.proof.issue(address, this.clock.time), echo }
  }

  private remember(address: string, proof: number): void {
    this.echoes.delete(address)
    this.echoes.set(address, proof)
    if (this.echoes.size <= NODES_MAX) return
    for (const oldest of this.echoes.keys()) {
      this.echoes.delete(oldest)
      return
    }
  }

  private sendAll(address: string, packets: readonly Uint8Array[]): void {
    for (const packet of packets) {
      assert(
        packet.length + this.config.packetOverheadBytes <= this.config.packetBytesMax,
        'packets stay within their budget',
      )
      this.counts.packetsOut += 1
      this.counts.bytesOut += packet.length
      this.shell.send(address, packet)
    }
  }

  /** Whether time was lost: then nobody is vouched for until heard again. */
  private observeTime(now: number): boolean {
    const lost = this.clock.observe(now)
    if (lost) this.cluster.distrust(this.clock.time)
    return lost
  }
}
