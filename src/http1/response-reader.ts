import { BodyDecoder } from './body-decoder.ts'
import type { BodySink } from './body-decoder.ts'
import { responseBodyFraming } from './body-framing.ts'
import type { BodyFraming } from './body-framing.ts'
import type { Fields } from './fields.ts'
import { parseResponseHead } from './head-parser.ts'
import type { ResponseHead } from './head-parser.ts'
import { HeadReader } from './head-reader.ts'
import type { DecodeLatin1 } from './head-reader.ts'
import { HttpViolation } from './violation.ts'

/** What a response turns out to be, in the order of its parts. */
export interface ResponseSink {
  /** A 1xx head that is not the answer yet (RFC 9110 §15.2); 101 is one and comes as `head`. */
  informational(head: ResponseHead): void
  /** The answer's head. After a 101 the bytes behind it belong to the new protocol. */
  head(head: ResponseHead, framing: BodyFraming): void
  /** The next bytes of the body, a view into the chunk that was pushed. */
  data(bytes: Uint8Array): void
  /** The response is complete. */
  end(trailers: Fields): void
}

export interface ResponseReaderOptions {
  /** Decides whether a body can follow (RFC 9112 §6.3). */
  readonly requestMethod: string
  /** Whether the request asked for another protocol: only then a 101 may come. */
  readonly mayUpgrade?: boolean
  readonly decodeLatin1: DecodeLatin1
  readonly headBytesMax: number
}

const NOTHING = new Uint8Array(0)

/** 1xx heads before the answer; a peer that sends more of them does not mean to answer. */
const INFORMATIONAL_MAX = 64

/**
 * Reads one response from a byte stream: any number of 1xx heads, the head, the body.
 *
 *     push ──▶ head reader ──▶ body decoder ──▶ done
 *                ▲   │ 1xx          or
 *                └───┘          upgraded (101)
 */
export class ResponseReader {
  private readonly options: ResponseReaderOptions
  private readonly sink: ResponseSink
  private readonly heads: HeadReader
  private informationals = 0
  private body: BodyDecoder | undefined
  private switched = false
  private refused: HttpViolation | undefined

  constructor(sink: ResponseSink, options: ResponseReaderOptions) {
    this.sink = sink
    this.options = options
    this.heads = new HeadReader(options.headBytesMax, options.decodeLatin1)
  }

  /** Whether the response is complete. */
  get done(): boolean {
    return this.body?.done ?? false
  }

  /** Whether a 101 came: the connection speaks another protocol now. */
  get upgraded(): boolean {
    return this.switched
  }

  /** Why the response was refused; nothing is read any more. */
  get violation(): HttpViolation | undefined {
    return this.refused ?? this.body?.violation
  }

  /** Reads on. Returns what lies behind the response, or behind a 101; else it is empty. */
  push(chunk: Uint8Array): Uint8Array {
    const rest = this.body === undefined ? this.readHeads(chunk) : chunk
    if (this.body === undefined || this.violation !== undefined) return rest
    const end = this.body.push(rest)
    return end === rest.length ? NOTHING : rest.subarray(end)
  }

  /** The source has ended. */
  finish(): 'complete' | 'truncated' {
    return this.body?.finish() ?? 'truncated'
  }

  private readHeads(chunk: Uint8Array): Uint8Array {
    let rest = chunk
    while (this.body === undefined && !this.switched && this.refused === undefined) {
      const progress = this.heads.push(rest)
      if (progress.kind === 'more') return rest.subarray(rest.length)
      if (progress.kind === 'violation') {
        this.refused = progress.violation
      } else {
        rest = progress.rest
        this.takeHead(progress.text)
      }
    }
    return rest
  }

  private takeHead(text: string): void {
    const head = parseResponseHead(text)
    if (head instanceof HttpViolation) {
      this.refused = head
      return
    }
    const framing = responseBodyFraming(head, this.options.requestMethod)
    if (framing instanceof HttpViolation) this.refused = framing
    else if (head.status === 101) this.takeUpgrade(head, framing)
    else if (head.status < 200) this.takeInformational(head)
    else this.takeAnswer(head, framing)
  }

  private takeInformational(head: ResponseHead): void {
    this.informationals += 1
    if (this.informationals > INFORMATIONAL_MAX) {
      this.refused = new HttpViolation('too-many-informational')
      return
    }
    this.heads.reset()
    this.sink.informational(head)
  }

  private takeUpgrade(head: ResponseHead, framing: BodyFraming): void {
    if (this.options.mayUpgrade !== true) {
      this.refused = new HttpViolation('unasked-switch')
      return
    }
    this.switched = true
    this.sink.head(head, framing)
  }

  private takeAnswer(head: ResponseHead, framing: BodyFraming): void {
    this.body = new BodyDecoder(framing, this.sink satisfies BodySink, {
      decodeLatin1: this.options.decodeLatin1,
      trailerBytesMax: this.options.headBytesMax,
    })
    this.sink.head(head, framing)
  }
}
