import { Buffer } from 'node:buffer'
import { deepStrictEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { DEFAULT_SESSION_CONFIG } from '../../../src/yamux/config.ts'
import type { SessionConfig } from '../../../src/yamux/config.ts'
import { Flag, HEADER_BYTES, writeHeader } from '../../../src/yamux/frame.ts'
import { Session } from '../../../src/yamux/session.ts'
import type { SessionShell, Stream, StreamHandler } from '../../../src/yamux/session.ts'
import { seededRandom } from '../../../src/std/prng.ts'
import type { Random } from '../../../src/std/prng.ts'
import { cuts, damaged, mostly, pieces } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const STREAMS_MAX = 6
const HELD_BYTES_MAX = 2_000
const CONFIG: Omit<SessionConfig, 'role'> = {
  ...DEFAULT_SESSION_CONFIG,
  acceptStreams: true,
  streamsMax: STREAMS_MAX,
  heldBytesMax: HELD_BYTES_MAX,
  unackedMax: 2,
}

const roles = fc.constantFrom('client' as const, 'server' as const)

/** A frame, whose stream is one of the peer's to open where `isPeers`. */
interface Drawn {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly isPeers: boolean
  readonly value: number
  readonly payload: Uint8Array
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  type: mostly(fc.constantFrom(0, 0, 1, 1, 2), fc.constantFrom(3, 4, 255)),
  flags: mostly(fc.constantFrom(0, 0, 0, 0, 2, 4, 8), fc.nat(0xff_ff)),
  stream: mostly(fc.nat(5), fc.nat(0x7f_ff_ff_ff)),
  isPeers: mostly(fc.constantFrom(true, true, false), fc.boolean()),
  value: mostly(fc.nat(2_000), fc.constantFrom(0, 1, 262_144, 0xff_ff_ff_ff)),
  payload: fc.uint8Array({ maxLength: 300 }),
})

/** The first frame of each stream that the peer opens carries SYN. */
const conversations = fc
  .tuple(fc.array(drawn, { maxLength: 40 }), roles)
  .map(([frames, role]): readonly [Uint8Array, 'client' | 'server'] => {
    const opened = new Set<number>()
    const encoded = frames.map(({ type, flags, stream, isPeers, value, payload }) => {
      const isOdd = isPeers === (role === 'server')
      const id = 2 * stream + (isOdd ? 1 : 2)
      const opens = isPeers && type < 2 && !opened.has(id)
      if (opens) opened.add(id)
      return frame(
        (type * 65_536 + flags) | (opens ? Flag.syn : 0),
        id,
        type === 0 ? payload : value,
      )
    })
    return [Uint8Array.from(Buffer.concat(encoded)), role]
  })

function frame(lead: number, id: number, content: Uint8Array | number): Uint8Array {
  const payload = typeof content === 'number' ? new Uint8Array(0) : content
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  writeHeader(bytes, 0, lead, id, typeof content === 'number' ? content : content.length)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

/** A program behind a session that does whatever it likes, as far as it may. */
class Program implements SessionShell {
  readonly session: Session
  readonly seen: string[] = []
  outBytes = 0
  private readonly random: Random
  /** A still one does nothing, so that what it sees is what the peer said. */
  private readonly isStill: boolean
  private isOver = false

  constructor(role: 'client' | 'server', seed: number, isStill: boolean) {
    this.random = seededRandom(seed)
    this.isStill = isStill
    this.session = new Session({ ...CONFIG, role }, this, 0)
  }

  act(nowMs: number): void {
    if (this.random() < 0.3)
      this.use(
        this.session.open(
          this.handler(() => 0),
          nowMs,
        ),
      )
    if (this.random() < 0.2) this.session.setCongested(this.random() < 0.5)
    if (this.random() < 0.05) this.session.goAway()
    this.session.tick(nowMs)
  }

  control(lead: number, id: number): void {
    this.outBytes += HEADER_BYTES
    if (!this.isOver) this.seen.push(`${lead} ${id}`)
  }

  data(_flags: number, _id: number, payload: Uint8Array): void {
    this.outBytes += HEADER_BYTES + payload.length
  }

  accepted(stream: Stream): void {
    ok(!this.isOver, 'nothing is accepted behind the end')
    this.seen.push(`accepted ${stream.id}`)
    if (this.random() < 0.1 && !this.isStill) return stream.reset()
    stream.attach(this.handler((byteCount) => this.consume(stream, byteCount)))
    if (!this.isStill) this.use(stream)
  }

  peerGoAway(): void {
    this.seen.push('going away')
  }

  closed(error: Error & { code: string }): void {
    ok(!this.isOver, 'a session ends once')
    this.isOver = true
    this.seen.push(`closed ${error.code}`)
  }

  private handler(held: (byteCount: number) => void): StreamHandler {
    let isGone = false
    return {
      data: (bytes) => {
        ok(!isGone && bytes.length > 0, 'data comes before the end, and is some')
        held(bytes.length)
      },
      end: () => ok(!isGone, 'no end behind the end'),
      drain: () => ok(!isGone, 'no room behind the end'),
      reset: () => {
        ok(!isGone, 'a stream is reset once')
        isGone = true
      },
    }
  }

  private consume(stream: Stream, byteCount: number): void {
    if (this.isStill || this.random() < 0.7) stream.consumed(byteCount)
  }

  private use(stream: Stream | undefined): void {
    if (stream === undefined || stream.isClosed) return
    if (this.random() < 0.8) stream.write(new Uint8Array(Math.floor(this.random() * 3_000)))
    if (this.random() < 0.3) stream.end()
    else if (this.random() < 0.1) stream.reset()
  }
}

/** A hostile peer: nothing throws, everything stays bounded, and cuts change nothing. */
export const yamux = fuzzTarget(
  'yamux',
  conversations.chain(([bytes, role]) =>
    fc.tuple(damaged(fc.constant(bytes)), cuts, fc.constant(role), fc.nat()),
  ),
  ([bytes, sizes, role, seed]) => {
    const program = new Program(role, seed, false)
    let nowMs = 0
    for (const piece of pieces(bytes, sizes)) {
      program.session.receive(piece, nowMs)
      ok(program.session.streamCount <= STREAMS_MAX, 'streams are bounded')
      nowMs += seed % 5_000
      program.act(nowMs)
    }
    program.session.tick(nowMs + 1e9)
    deepStrictEqual(hear(bytes, sizes, role), hear(bytes, [], role))
  },
)

/** What a program hears that never acts by itself. */
function hear(bytes: Uint8Array, sizes: readonly number[], role: 'client' | 'server') {
  const program = new Program(role, 1, true)
  for (const piece of pieces(bytes, sizes)) program.session.receive(piece, 0)
  ok(program.outBytes <= bytes.length + HEADER_BYTES, 'answers are no longer than what they answer')
  return program.seen
}
