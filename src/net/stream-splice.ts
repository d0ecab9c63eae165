import type { Stream, StreamHandler } from '../yamux/session.ts'

/**
 * Joins two streams of different sessions, byte for byte and window to window:
 *
 *     a.data ──▶ b.write    credit for a's bytes goes back when b has room again
 *     a.end  ──▶ b.end
 *     a.reset ─▶ b.reset    and the same from b to a
 *
 * Nothing is parsed, and nothing is held but what the windows hold. Returns what hears the two
 * streams, for callers that want to hear something first.
 */
export function spliceStreams(
  a: Stream,
  b: Stream,
): { readonly fromA: StreamHandler; readonly fromB: StreamHandler } {
  const toB = new StreamPipe(a, b)
  const toA = new StreamPipe(b, a)
  const fromA = new SpliceEnd(toB, toA)
  const fromB = new SpliceEnd(toA, toB)
  a.attach(fromA)
  b.attach(fromB)
  return { fromA, fromB }
}

/** One direction of a splice. */
class StreamPipe {
  readonly source: Stream
  readonly target: Stream
  /** Written to a target that is full: credit for it waits until it has room. */
  private owedBytes = 0

  constructor(source: Stream, target: Stream) {
    this.source = source
    this.target = target
  }

  carry(bytes: Uint8Array): void {
    if (this.target.write(bytes)) this.source.consumed(bytes.length)
    else this.owedBytes += bytes.length
  }

  drained(): void {
    const { owedBytes } = this
    this.owedBytes = 0
    if (owedBytes > 0) this.source.consumed(owedBytes)
  }
}

/**
 * What one of the two streams brings: its bytes go out, its room lets the other side's bytes in.
 */
class SpliceEnd implements StreamHandler {
  private readonly out: StreamPipe
  private readonly back: StreamPipe

  constructor(out: StreamPipe, back: StreamPipe) {
    this.out = out
    this.back = back
  }

  data(bytes: Uint8Array): void {
    this.out.carry(bytes)
  }

  end(): void {
    this.out.target.end()
  }

  drain(): void {
    this.back.drained()
  }

  reset(): void {
    this.out.target.reset()
  }
}
