import { DEFAULT_SESSION_CONFIG } from '../../src/yamux/config.ts'
import type { SessionConfig } from '../../src/yamux/config.ts'
import type { YamuxError } from '../../src/yamux/errors.ts'
import {
  FrameType,
  HEADER_BYTES,
  INITIAL_WINDOW_BYTES,
  writeHeader,
} from '../../src/yamux/frame.ts'
import { Session } from '../../src/yamux/session.ts'
import type { SessionShell, Stream, StreamHandler } from '../../src/yamux/session.ts'

/*
 * A session against a peer that is written by hand. Frames read and write as
 * `Type|FLAG|FLAG stream value`; the value of Data is its payload as text.
 */

const TYPES = ['Data', 'WindowUpdate', 'Ping', 'GoAway']
const FLAGS = ['SYN', 'ACK', 'FIN', 'RST']

function textOf(lead: number, streamId: number, value: number | string): string {
  const flags = FLAGS.filter((_, bit) => (lead & (1 << bit)) !== 0)
  return `${[TYPES[lead >>> 16], ...flags].join('|')} ${streamId} ${value}`.trimEnd()
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function payloadText(bytes: Uint8Array): string {
  return bytes.length > 20 ? `${bytes.length} bytes` : String.fromCharCode(...bytes)
}

export function header(lead: number, streamId: number, length: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  writeHeader(bytes, 0, lead, streamId, length)
  return bytes
}

export function frameOf(text: string): Uint8Array {
  const [kind = '', streamId = '', value = ''] = text.split(' ')
  const [type = '', ...flags] = kind.split('|')
  const bits = flags.reduce((sum, flag) => sum | (1 << FLAGS.indexOf(flag)), 0)
  const lead = (TYPES.indexOf(type) << 16) | bits
  if (type !== 'Data') return header(lead, Number(streamId), Number(value))
  return Uint8Array.of(...header(lead, Number(streamId), value.length), ...bytesOf(value))
}

/** Writes down what it is told. */
export class Recorder implements StreamHandler {
  readonly events: string[] = []
  data(bytes: Uint8Array): void {
    this.events.push(`data ${payloadText(bytes)}`)
  }
  end(): void {
    this.events.push('end')
  }
  drain(): void {
    this.events.push('drain')
  }
  reset(error: YamuxError): void {
    this.events.push(error.code)
  }
}

/** The world of a session: what it sent and reported, and a clock. */
export class World implements SessionShell {
  readonly session: Session
  readonly streams: Stream[] = []
  readonly recorders: Recorder[] = []
  readonly ends: string[] = []
  nowMs = 0
  peerGoAways = 0
  congestsAfterData = false
  private readonly sent: string[] = []

  constructor(config: Partial<SessionConfig> = {}) {
    const role = { role: 'server', acceptStreams: true } as const
    this.session = new Session({ ...DEFAULT_SESSION_CONFIG, ...role, ...config }, this, 0)
  }

  control(lead: number, streamId: number, value: number): void {
    this.sent.push(textOf(lead, streamId, value))
  }
  data(flags: number, streamId: number, payload: Uint8Array): void {
    this.sent.push(textOf(flags, streamId, payloadText(payload)))
    if (this.congestsAfterData) this.session.setCongested(true)
  }
  accepted(stream: Stream): void {
    this.streams.push(stream)
    this.recorders.push(new Recorder())
    stream.attach(this.recorders.at(-1) as Recorder)
  }
  peerGoAway(): void {
    this.peerGoAways += 1
  }
  closed(error: YamuxError): void {
    this.ends.push(error.code)
  }

  /** What left since the last look. */
  takeSent(): string[] {
    return this.sent.splice(0)
  }

  peer(...frames: readonly (string | Uint8Array)[]): void {
    for (const frame of frames) {
      this.session.receive(typeof frame === 'string' ? frameOf(frame) : frame, this.nowMs)
    }
  }

  open(): [Stream, string[]] {
    const recorder = new Recorder()
    const stream = this.session.open(recorder, this.nowMs)
    if (stream === undefined) throw new Error('refused')
    return [stream, recorder.events]
  }

  /** Opens a stream and has the peer acknowledge it. */
  openAcked(): [Stream, string[]] {
    const opened = this.open()
    opened[0].flushOpen()
    this.peer(`WindowUpdate|ACK ${opened[0].id} 0`)
    this.takeSent()
    return opened
  }

  /** Lets time pass, a tick a second. */
  pass(durationMs: number): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs;) {
      this.nowMs += 1_000
      this.session.tick(this.nowMs)
    }
  }
}

export const windowful = new Uint8Array(INITIAL_WINDOW_BYTES)

/** A data frame with `byteCount` zeros. */
export function zeros(streamId: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + byteCount)
  writeHeader(bytes, 0, FrameType.data, streamId, byteCount)
  return bytes
}
