import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../std/prng.ts'
import { decodeMessage } from './codec.ts'
import { DEFAULT_GOSSIP, type GossipConfig } from './config.ts'
import type { MembershipEvent } from './events.ts'
import { Gossiper } from './gossiper.ts'

interface Packet {
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
}

/** Nodes whose packets arrive at once; streams too. `cut` addresses hear nothing. */
class Cluster {
  readonly nodes = new Map<string, Gossiper>()
  readonly events = new Map<string, MembershipEvent[]>()
  readonly sent: Packet[] = []
  readonly resolved: string[] = []
  readonly cut = new Set<string>()
  now = 0

  add(id: string, config: Partial<GossipConfig> = {}): Gossiper {
    const address = addressOf(id)
    const events: MembershipEvent[] = []
    this.events.set(id, events)
    const shell = {
      send: (to: string, bytes: Uint8Array) => this.sent.push({ from: address, to, bytes }),
      requestSync: (to: string, bytes: Uint8Array) => this.sync(address, to, bytes),
      resolve: (joinAddress: string) => this.resolved.push(joinAddress),
      event: (event: MembershipEvent) => events.push(event),
    }
    const full = { ...DEFAULT_GOSSIP, address, generation: 1_000, join: [], ...config }
    const random = seededRandom(id.length + id.charCodeAt(1))
    const gossiper = new Gossiper({ id, config: full, random, shell }, this.now)
    this.nodes.set(address, gossiper)
    return gossiper
  }

  run(durationMs: number): void {
    for (const end = this.now + durationMs; this.now < end; this.now += 10) {
      for (const [address, node] of this.nodes) {
        if (!this.cut.has(address) && node.deadline <= this.now) node.tick(this.now)
      }
      this.deliver()
    }
  }

  deliver(): void {
    while (this.sent.length > 0) this.deliverOne()
  }

  /** Delivers the packet that was sent first, and what it brings about is sent. */
  deliverOne(): void {
    const packet = this.sent.shift()
    if (packet === undefined || this.cut.has(packet.to) || this.cut.has(packet.from)) return
    this.nodes.get(packet.to)?.receivePacket(packet.from, packet.bytes, this.now)
  }

  private sync(from: string, to: string, bytes: Uint8Array): void {
    const answer = this.nodes.get(to)?.receiveSync(bytes, this.now)
    if (answer !== undefined) this.sync(to, from, answer)
  }
}

function addressOf(id: string): string {
  return `10.0.0.${id.slice(1)}:8003`
}

function pair(): { cluster: Cluster; first: Gossiper; second: Gossiper } {
  const cluster = new Cluster()
  const first = cluster.add('n1')
  const second = cluster.add('n2')
  second.contact([addressOf('n1')], 0)
  cluster.run(300)
  return { cluster, first, second }
}

test('a contact is enough for two nodes to know each other and their keys', () => {
  const { cluster, first } = pair()
  first.upsertLocal('endpoint:shop', '2')
  cluster.run(300)
  expect(cluster.events.get('n2')).toEqual([
    { type: 'joined', id: 'n1', address: addressOf('n1'), generation: 1_000, life: 0 },
    { type: 'upserted', id: 'n1', key: 'endpoint:shop', value: '2' },
  ])
  first.deleteLocal('endpoint:shop')
  cluster.run(300)
  const deleted = { type: 'deleted', id: 'n1', key: 'endpoint:shop' }
  expect(cluster.events.get('n2')?.at(-1)).toEqual(deleted)
})

test('a large state arrives over a stream', () => {
  const cluster = new Cluster()
  const first = cluster.add('n1')
  for (let i = 0; i < 5_000; i++) first.upsertLocal(`endpoint:e${i}`, '1')
  const second = cluster.add('n2')
  second.contact([addressOf('n1')], 0)
  cluster.run(300)
  expect(second.counts.syncs).toBe(1)
  expect(second.cluster.peer('n1')?.state.liveSize).toBe(5_001)
})

test('silence makes a peer unreachable, then forgotten, and its return a new life', () => {
  const { cluster, second } = pair()
  const types = () => cluster.events.get('n1')?.map(({ type }) => type)
  cluster.cut.add(addressOf('n2'))
  cluster.run(5_000)
  expect(types()).toEqual(['joined', 'unreachable'])
  cluster.run(70_000)
  expect(types()).toEqual(['joined', 'unreachable', 'expired'])
  cluster.cut.clear()
  cluster.run(3_000)
  expect(types()).toEqual(['joined', 'unreachable', 'expired', 'joined'])
  expect(second.cluster.self.life).toBe(1)
})

test('a node that stood still condemns nobody', () => {
  const { cluster, first } = pair()
  cluster.now += 3_600_000
  first.tick(cluster.now)
  cluster.run(2_000)
  expect(cluster.events.get('n1')?.map(({ type }) => type)).toEqual(['joined'])
})

test('a leaving node is told who heard it, and stays left', () => {
  const { cluster, first } = pair()
  first.leave(cluster.now)
  cluster.run(200)
  expect(first.farewellsHeard).toBe(1)
  cluster.run(10_000)
  expect(cluster.events.get('n2')?.map(({ type }) => type)).toEqual(['joined', 'left'])
})

test('join addresses are handed out again and again, while alone all of them', () => {
  const cluster = new Cluster()
  cluster.add('n1', { join: ['a.example', 'b.example'] })
  cluster.run(10_000)
  expect(cluster.resolved.filter((name) => name === 'a.example').length).toBeGreaterThan(8)
  expect(cluster.resolved.filter((name) => name === 'b.example').length).toBeGreaterThan(8)
})

test('a stranger gets no more bytes than it sent, and changes nothing', () => {
  const { cluster, first } = pair()
  for (let i = 0; i < 500; i++) first.upsertLocal(`endpoint:e${i}`, '1')
  const stranger = new Gossiper(
    {
      id: 'x',
      config: { ...DEFAULT_GOSSIP, address: '192.0.2.1:9', generation: 1, join: [] },
      random: seededRandom(9),
      shell: {
        send: (_to, bytes) => {
          first.receivePacket('192.0.2.7:9', bytes, cluster.now)
          const answered = cluster.sent.splice(0).filter(({ to }) => to === '192.0.2.7:9')
          const total = answered.reduce((sum, packet) => sum + packet.bytes.length, 0)
          expect(answered).toHaveLength(1)
          expect(total).toBeLessThanOrEqual(bytes.length)
        },
        requestSync: () => undefined,
        resolve: () => undefined,
        event: () => undefined,
      },
    },
    0,
  )
  stranger.contact([addressOf('n1')], 0)
  expect(first.cluster.peer('x')).toBeUndefined()
})

test('a hundred thousand hostile packets change no state', () => {
  const { cluster, first } = pair()
  const overheard: Uint8Array[] = []
  for (let i = 0; i < 100; i++) {
    for (const node of cluster.nodes.values()) node.tick((cluster.now += 30))
    overheard.push(...cluster.sent.map(({ bytes }) => bytes))
    cluster.deliver()
  }
  const random = seededRandom(5)
  const below = (limit: number) => Math.floor(random() * limit)
  const describe = () => {
    const peers = [...first.cluster.peers()].map((peer) => [peer.mention(), peer.status])
    return JSON.stringify([first.cluster.self.mention(), peers, first.cluster.tombstones.size])
  }
  const before = describe()
  const heardEvents = cluster.events.get('n1')?.length
  for (let i = 0; i < 100_000; i++) {
    const packet = (overheard[below(overheard.length)] as Uint8Array).slice()
    if (i % 4 === 0) packet[below(packet.length)] = below(256)
    const bytes = [packet, packet.slice(0, below(packet.length)), packet.map(() => below(256))]
    first.receivePacket('192.0.2.1:9', bytes[i % 3] as Uint8Array, cluster.now)
  }
  expect(describe()).toBe(before)
  expect(cluster.events.get('n1')).toHaveLength(heardEvents ?? -1)
  expect(cluster.resolved).toEqual([])
})

test('a packet sent again does not bring back whom nobody remembers as dead', () => {
  const cluster = new Cluster()
  const config = { tombstoneMs: 1_000, forgetAfterMs: 2_000 }
  const first = cluster.add('n1', config)
  cluster.add('n2', config).contact([addressOf('n1')], 0)
  const overheard: Packet[] = []
  for (let i = 0; i < 20; i++) {
    for (const node of cluster.nodes.values()) node.tick((cluster.now += 30))
    for (let round = 0; round < 4 && cluster.sent.length > 0; round++) {
      overheard.push(...cluster.sent)
      cluster.deliverOne()
    }
    cluster.deliver()
  }
  cluster.cut.add(addressOf('n2'))
  cluster.run(20_000)
  expect(first.cluster.peer('n2')).toBeUndefined()
  expect(first.cluster.tombstones.size).toBe(0)
  for (const { from, to, bytes } of overheard) {
    if (to === addressOf('n1')) first.receivePacket(from, bytes, cluster.now)
  }
  expect(overheard.map(({ bytes }) => decodeMessage(bytes)?.kind)).toContain('push')
  expect(first.cluster.peer('n2')).toBeUndefined()
})

test('no packet is larger than the budget with its sealing, whatever there is to tell', () => {
  const keys = fc.array(fc.string({ minLength: 1, maxLength: 60 }), { maxLength: 200 })
  fc.assert(
    fc.property(keys, fc.nat({ max: 250 }), (names, packetOverheadBytes) => {
      const cluster = new Cluster()
      const first = cluster.add('n1', { packetOverheadBytes })
      cluster.add('n2', { packetOverheadBytes }).contact([addressOf('n1')], 0)
      for (const name of names) first.upsertLocal(`endpoint:${name}`, '1')
      for (let i = 0; i < 20; i++) {
        for (const node of cluster.nodes.values()) node.tick((cluster.now += 30))
        for (const { bytes } of cluster.sent) {
          expect(decodeMessage(bytes)).toBeDefined()
          expect(bytes.length + packetOverheadBytes).toBeLessThanOrEqual(1_400)
        }
        cluster.deliver()
      }
    }),
    { numRuns: 30 },
  )
})
