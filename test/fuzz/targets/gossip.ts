import { deepStrictEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { checksum } from '../../../src/gossip/checksum.ts'
import { decodeMessage, KINDS, MessageWriter } from '../../../src/gossip/codec.ts'
import { DEFAULT_GOSSIP, NODES_MAX, TOMBSTONES_MAX } from '../../../src/gossip/config.ts'
import { ADDRESS_KEY } from '../../../src/gossip/entry.ts'
import { Gossiper } from '../../../src/gossip/gossiper.ts'
import { NodeState } from '../../../src/gossip/node-state.ts'
import { seededRandom } from '../../../src/std/prng.ts'
import { damaged, mostly } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const id = fc.constantFrom('self', 'a', 'b', 'c', '__proto__', 'x'.repeat(128))
const count = fc.oneof(fc.nat(20), fc.constantFrom(0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER))
const mention = fc.record({
  id,
  generation: mostly(fc.nat(3), count),
  life: fc.nat(2),
  standing: mostly(
    fc.constant('alive' as const),
    fc.constantFrom('dead' as const, 'left' as const),
  ),
  version: count,
  heartbeat: count,
})
const key = fc.constantFrom(ADDRESS_KEY, 'proxy_addr', 'endpoint:e', '__proto__', 'k')
const value = fc.constantFrom('127.0.0.1:7', '[::1]:7', 'name:7', '', '1', '-1', 'v'.repeat(256))
const changes = fc.array(fc.tuple(key, value, mostly(fc.constant(false), fc.constant(true))), {
  maxLength: 8,
})
const section = fc.tuple(mention, changes, mostly(fc.constant(0), fc.nat(3)))

interface Letter {
  readonly kind: number
  readonly complete: boolean
  readonly advised: boolean
  readonly mentions: readonly (typeof mention extends fc.Arbitrary<infer Value> ? Value : never)[]
  readonly sections: readonly (typeof section extends fc.Arbitrary<infer Value> ? Value : never)[]
}

const letters: fc.Arbitrary<Letter> = fc.record({
  kind: fc.nat(KINDS.length - 1),
  complete: fc.boolean(),
  advised: fc.boolean(),
  mentions: fc.array(mention, { maxLength: 6 }),
  sections: fc.array(section, { maxLength: 4 }),
})

function write(letter: Letter, echo: number): Uint8Array {
  const kind = KINDS[letter.kind] as (typeof KINDS)[number]
  const writer = new MessageWriter({ kind, proof: 77, echo }, 60_000)
  for (const one of letter.mentions) writer.mention(one)
  for (const [owner, entries, from] of letter.sections) {
    const state = new NodeState()
    state.upsert(ADDRESS_KEY, '10.0.0.3:1')
    for (const [name, text, isDeleted] of entries) {
      state.upsert(name, text)
      if (isDeleted) state.delete(name)
    }
    writer.section({ ...owner, version: Math.max(owner.version, state.version) }, state, from)
  }
  if (letter.complete) writer.markComplete()
  if (letter.advised) writer.adviseSync()
  return writer.finish()
}

const framed = damaged(letters.map((letter) => write(letter, 1)))

/** Any bytes are a message or none; what is one is the same when it is written again. */
export const gossipCodec = fuzzTarget('gossip-codec', framed, (bytes) => {
  const whole = withChecksum(bytes)
  const message = decodeMessage(whole)
  if (message === undefined) return
  const writer = new MessageWriter(message, 1_000_000)
  for (const one of message.mentions) writer.mention(one)
  if (message.complete) writer.markComplete()
  if (message.syncAdvised) writer.adviseSync()
  deepStrictEqual(decodeMessage(writer.finish()), { ...message, sections: [] })
})

const step = fc.record({
  letter: letters,
  damage: mostly<Uint8Array | undefined>(fc.constant(undefined), framed),
  from: fc.constantFrom('10.0.0.1:1', '10.0.0.2:1'),
  isProven: fc.constantFrom(true, true, true, false),
  isStream: fc.boolean(),
  waitMs: fc.constantFrom(0, 10, 100, 5_000, 100_000),
})

/** A member that lies: whatever it says, the node goes on, within its bounds and its budget. */
export const gossipNode = fuzzTarget(
  'gossip-node',
  fc.tuple(fc.array(step, { maxLength: 25 }), fc.nat()),
  ([steps, seed]) => {
    const world = new World(seed)
    for (const one of steps) {
      world.now += one.waitMs
      world.gossiper.tick(world.now)
      const echo = one.isProven ? world.proofFor(one.from) : 1
      const bytes = one.damage === undefined ? write(one.letter, echo) : withChecksum(one.damage)
      world.hear(one.from, bytes, { isStream: one.isStream })
    }
  },
)

class World {
  readonly gossiper: Gossiper
  now = 0
  private readonly proofs = new Map<string, number>()
  private sentBytes = 0

  constructor(seed: number) {
    this.gossiper = new Gossiper(
      {
        id: 'self',
        config: { ...DEFAULT_GOSSIP, address: '10.9.9.9:9', generation: 1, join: ['j'] },
        random: seededRandom(seed),
        shell: {
          send: (address, packet) => this.sent(address, packet),
          requestSync: () => {},
          resolve: () => {},
          event: () => {},
        },
      },
      0,
    )
    this.gossiper.upsertLocal('endpoint:own', '1')
  }

  /** What this address would send back, had it read what it was sent. */
  proofFor(address: string): number {
    this.gossiper.contact([address], this.now)
    return this.proofs.get(address) ?? 1
  }

  hear(from: string, bytes: Uint8Array, { isStream }: { isStream: boolean }): void {
    const { cluster } = this.gossiper
    const before = this.sentBytes
    const echo = decodeMessage(bytes)?.echo
    if (isStream) this.gossiper.receiveSync(bytes, this.now)
    else this.gossiper.receivePacket(from, bytes, this.now)
    if (!isStream && (echo === 0 || echo === 1)) {
      ok(this.sentBytes - before <= bytes.length, 'a stranger gets no more than he gave')
    }
    ok(cluster.size <= NODES_MAX && cluster.tombstones.size <= TOMBSTONES_MAX)
    ok(cluster.self.state.get('endpoint:own') === '1', 'nobody speaks for this node')
  }

  private sent(address: string, packet: Uint8Array): void {
    this.sentBytes += packet.length
    ok(packet.length <= DEFAULT_GOSSIP.packetBytesMax)
    const message = decodeMessage(packet)
    ok(message !== undefined, 'what is sent can be read')
    this.proofs.set(address, message.proof)
  }
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  const whole = bytes.slice()
  const sum = checksum(whole, 4)
  for (let i = 0; i < Math.min(4, whole.length); i++) whole[i] = sum >>> (24 - 8 * i)
  return whole
}
