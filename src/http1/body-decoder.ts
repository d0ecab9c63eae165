import { unreachable } from '../std/assert.ts'
import type { BodyFraming } from './body-framing.ts'
import { CHUNK_LINE_BYTES_MAX, parseChunkSize } from './chunk-size.ts'
import type { Fields } from './fields.ts'
import type { DecodeLatin1 } from './head-reader.ts'
import { LineReader } from './line-reader.ts'
import { parseTrailers } from './trailers.ts'
import { HttpViolation, type HttpViolationCode } from './violation.ts'

export interface BodySink {
  /** The next bytes of the body: never empty, and a view into the chunk that was pushed. */
  data(bytes: Uint8Array): void
  /** The body is complete. Called once, and never for a body that was cut off or refused. */
  end(trailers: Fields): void
}

export interface BodyDecoderOptions {
  readonly decodeLatin1: DecodeLatin1
  /** All trailer lines together, with their CRLFs. */
  readonly trailerBytesMax: number
}

const NO_TRAILERS: Fields = []

type State = 'empty' | 'bytes' | 'until-close' | ChunkedState | 'done'
type ChunkedState = 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers'

/**
 * Takes a message body out of a byte stream, verifies its framing and hands on its bytes without
 * copying any.
 *
 *     none, length 0   empty ───────── first push or finish ─────────▶ done
 *     length           bytes ───────── the last byte ────────────────▶ done
 *     until-close      until-close ─── finish ───────────────────────▶ done
 *     chunked          chunk-size ─0─▶ trailers ─── empty line ──────▶ done
 *                       │      ▲
 *                       ▼      └── CRLF ──┐
 *                      chunk-data ─▶ chunk-end
 *
 * The caller pushes whatever came behind the head, even if that is nothing, and then every chunk,
 * until `done` or `violation`; what push did not consume is not the body's. A body without bytes is
 * done at construction, yet its sink.end comes from the first push or finish: a sink is never
 * called before its owner holds the decoder.
 */
export class BodyDecoder {
  private readonly sink: BodySink
  private readonly trailerBytesMax: number
  private readonly decodeLatin1: DecodeLatin1
  /** Of a chunked body; made when the first line comes. */
  private lines: LineReader | undefined
  private state: State
  /** Bytes of the body, or of the current chunk, that are still to come. */
  private remaining: number
  private trailerText = ''
  private refused: HttpViolation | undefined

  constructor(framing: BodyFraming, sink: BodySink, options: BodyDecoderOptions) {
    this.sink = sink
    this.trailerBytesMax = options.trailerBytesMax
    this.decodeLatin1 = options.decodeLatin1
    this.remaining = framing.kind === 'length' ? framing.bytes : 0
    this.state = firstState(framing)
  }

  /** Whether no further byte belongs to this body. */
  get done(): boolean {
    return this.state === 'done' || this.state === 'empty'
  }

  /** Why the body was refused; nothing is decoded any more. */
  get violation(): HttpViolation | undefined {
    return this.refused
  }

  /** Decodes a chunk and returns how many of its bytes were the body's. */
  push(chunk: Uint8Array): number {
    if (this.state === 'empty') this.complete(NO_TRAILERS)
    let at = 0
    while (at < chunk.length && this.state !== 'done' && this.refused === undefined) {
      at = this.step(chunk, at)
    }
    return at
  }

  /** The source has ended: completes a body that ends with it; anything else was cut off. */
  finish(): 'complete' | 'truncated' {
    if (this.state === 'empty' || this.state === 'until-close') this.complete(NO_TRAILERS)
    return this.state === 'done' ? 'complete' : 'truncated'
  }

  /** Decodes the next piece from `at` and returns the index behind it. */
  private step(chunk: Uint8Array, at: number): number {
    switch (this.state) {
      case 'bytes':
      case 'chunk-data':
        return this.takeData(chunk, at)
      case 'until-close':
        this.sink.data(at === 0 ? chunk : chunk.subarray(at))
        return chunk.length
      case 'chunk-size':
        return this.takeLine(chunk, at, CHUNK_LINE_BYTES_MAX)
      case 'chunk-end':
        return this.takeLine(chunk, at, 0)
      case 'trailers':
        return this.takeLine(chunk, at, this.trailerRoom())
      case 'empty':
      case 'done':
        return at
      default:
        return unreachable(this.state)
    }
  }

  private takeData(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.remaining)
    this.remaining -= end - at
    this.sink.data(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end))
    if (this.remaining > 0) return end
    if (this.state === 'bytes') this.complete(NO_TRAILERS)
    else this.state = 'chunk-end'
    return end
  }

  private takeLine(chunk: Uint8Array, at: number, bytesMax: number): number {
    this.lines ??= new LineReader(this.decodeLatin1)
    const progress = this.lines.read(chunk, at, bytesMax)
    switch (progress.kind) {
      case 'more':
        return chunk.length
      case 'line':
        this.acceptLine(progress.text)
        return progress.end
      case 'too-long':
        this.refused = new HttpViolation(this.tooLongCode())
        return at
      case 'bare-line-feed':
        this.refused = new HttpViolation('bare-line-feed')
        return at
      default:
        return unreachable(progress)
    }
  }

  private acceptLine(line: string): void {
    if (this.state === 'chunk-end') this.state = 'chunk-size'
    else if (this.state === 'chunk-size') this.acceptChunkSize(parseChunkSize(line))
    else if (line === '') this.acceptTrailers(parseTrailers(this.trailerText))
    else this.trailerText += `${line}\r\n`
  }

  private acceptChunkSize(size: number | HttpViolation): void {
    if (size instanceof HttpViolation) {
      this.refused = size
      return
    }
    this.remaining = size
    this.state = size === 0 ? 'trailers' : 'chunk-data'
  }

  private acceptTrailers(trailers: Fields | HttpViolation): void {
    if (trailers instanceof HttpViolation) this.refused = trailers
    else this.complete(trailers)
  }

  private complete(trailers: Fields): void {
    this.state = 'done'
    this.sink.end(trailers)
  }

  /** How long the next trailer line may be; the empty line that ends them always fits. */
  private trailerRoom(): number {
    return Math.max(0, this.trailerBytesMax - this.trailerText.length - 2)
  }

  private tooLongCode(): HttpViolationCode {
    if (this.state === 'trailers') return 'trailers-too-large'
    return this.state === 'chunk-end' ? 'bad-chunk' : 'chunk-line-too-long'
  }
}

function firstState(framing: BodyFraming): State {
  switch (framing.kind) {
    case 'none':
      return 'empty'
    case 'length':
      return framing.bytes === 0 ? 'empty' : 'bytes'
    case 'chunked':
      return 'chunk-size'
    case 'until-close':
      return 'until-close'
    default:
      return unreachable(framing)
  }
}
