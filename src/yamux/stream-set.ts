import { IdMap } from '../std/id-map.ts'
import type { SessionConfig } from './config.ts'
import type { YamuxError } from './errors.ts'
import { MuxStream } from './mux-stream.ts'
import type { HoldRefusal, StreamHost, StreamWriter } from './mux-stream.ts'
import { OpenGate } from './open-gate.ts'
import { SendLine } from './send-line.ts'

/** The live streams of a session by id, and what they share: slots, the line, the clock. */
export class StreamSet implements StreamHost {
  readonly config: SessionConfig
  readonly writer: StreamWriter
  readonly gate: OpenGate
  readonly line: SendLine
  nowMs: number
  private readonly byId = new IdMap<MuxStream>()
  private nextId: number
  private heldBytes = 0

  constructor(config: SessionConfig, writer: StreamWriter, nowMs: number) {
    this.config = config
    this.writer = writer
    this.nowMs = nowMs
    this.gate = new OpenGate(config.unackedMax)
    this.line = new SendLine(config.writeStallTimeoutMs)
    this.nextId = config.role === 'client' ? 1 : 2
  }

  get size(): number {
    return this.byId.size
  }

  get isFull(): boolean {
    return this.byId.size >= this.config.streamsMax
  }

  /** Ids are never reused, so a session wears out. */
  get hasIds(): boolean {
    return this.nextId <= this.config.streamIdMax
  }

  /** Whether `id` is one that only the peer gives. 0 means the session. */
  isPeerId(id: number): boolean {
    return id !== 0 && id % 2 !== this.nextId % 2
  }

  get(id: number): MuxStream | undefined {
    return this.byId.get(id)
  }

  open(): MuxStream {
    const id = this.nextId
    this.nextId += 2
    return this.add(new MuxStream(this, id, 'idle'))
  }

  offer(id: number): MuxStream {
    return this.add(new MuxStream(this, id, 'offered'))
  }

  /** Looks at every deadline; costs nothing while there are no streams. */
  tick(nowMs: number): void {
    for (const stream of this.byId.members()) stream.tick(nowMs)
    this.line.tick(nowMs)
  }

  /** Ends the streams of which the peer has not heard. */
  loseIdle(error: YamuxError): void {
    for (const stream of this.byId.members()) if (stream.isIdle) stream.lose(error)
  }

  loseAll(error: YamuxError): void {
    for (const stream of this.byId.members()) stream.lose(error)
  }

  // The host of the streams.

  hold(byteCount: number, streamBytes: number): HoldRefusal | undefined {
    const { budget, heldBytesMax } = this.config
    this.heldBytes += byteCount
    const isAfforded = budget?.hold(byteCount, streamBytes) ?? true
    if (this.heldBytes > heldBytesMax) return 'held-too-much'
    return isAfforded ? undefined : 'budget-spent'
  }

  forget(streamId: number): void {
    this.byId.delete(streamId)
  }

  private add(stream: MuxStream): MuxStream {
    this.byId.add(stream)
    return stream
  }
}
