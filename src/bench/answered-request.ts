import { BodyDecoder } from '../http1/body-decoder.ts'
import { requestBodyFraming } from '../http1/body-framing.ts'
import { parseRequestHead } from '../http1/head-parser.ts'
import { HeadReader } from '../http1/head-reader.ts'
import { HttpViolation } from '../http1/violation.ts'
import { decodeLatin1 } from '../net/latin1.ts'
import type { Stream, StreamHandler } from '../yamux/session.ts'

const HEAD_BYTES_MAX = 64 * 1024

/** Reads one request to the end of its body, then sends the answer, which is always the same. */
export class AnsweredRequest implements StreamHandler {
  private readonly stream: Stream
  private readonly answer: Uint8Array
  private readonly heads = new HeadReader(HEAD_BYTES_MAX, decodeLatin1)
  private body: BodyDecoder | undefined

  constructor(stream: Stream, answer: Uint8Array) {
    this.stream = stream
    this.answer = answer
  }

  data(bytes: Uint8Array): void {
    if (this.body === undefined) this.readHead(bytes)
    else this.readBody(this.body, bytes)
    this.stream.consumed(bytes.length)
  }

  /** The client left before it got its answer. */
  end(): void {
    this.stream.reset()
  }

  drain(): void {}

  reset(): void {}

  private readHead(bytes: Uint8Array): void {
    const progress = this.heads.push(bytes)
    if (progress.kind === 'more') return
    const head = progress.kind === 'head' ? parseRequestHead(progress.text) : progress.violation
    const framing = head instanceof HttpViolation ? head : requestBodyFraming(head)
    if (framing instanceof HttpViolation || progress.kind !== 'head') return this.stream.reset()
    this.body = new BodyDecoder(
      framing,
      { data: () => {}, end: () => this.respond() },
      { decodeLatin1, trailerBytesMax: HEAD_BYTES_MAX },
    )
    this.readBody(this.body, progress.rest)
  }

  private readBody(body: BodyDecoder, bytes: Uint8Array): void {
    body.push(bytes)
    if (body.violation !== undefined) this.stream.reset()
  }

  private respond(): void {
    this.stream.write(this.answer)
    this.stream.end()
  }
}
