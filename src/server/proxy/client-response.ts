import type { ServerResponse } from 'node:http'
import type { BodyFraming } from '../../http1/body-framing.ts'
import { fieldValue, withoutField } from '../../http1/fields.ts'
import type { Fields } from '../../http1/fields.ts'
import type { ResponseHead } from '../../http1/head-parser.ts'
import { withoutHopByHop } from '../../http1/hop-by-hop.ts'
import type { ResponseSink } from '../../http1/response-reader.ts'
import { abortSocket } from '../../net/abort-socket.ts'
import { renderAnswer } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import { decodeLatin1 } from '../../net/latin1.ts'
import type { Flushable, TurnFlush } from '../../net/turn-flush.ts'
import { passInformational } from './informational.ts'

/** What the owner of a response wants to know. */
export interface ClientResponseOwner {
  /** The answer has begun. */
  responding(): void
  /** The client's socket takes bytes again. */
  drained(): void
  /** The upstream's answer is complete and handed to the socket. */
  responded(): void
}

/** More than this is not worth a copy. */
const HELD_BYTES_MAX = 4_096

/** The client's side of an answer: passes it on as it comes, or breaks it off visibly. */
export class ClientResponse implements ResponseSink, Flushable {
  private readonly response: ServerResponse
  private readonly owner: ClientResponseOwner
  private readonly turn: TurnFlush
  /** Whether the client's socket is full. */
  blocked = false
  /** What the client got, for metrics and the access log. */
  fields: Fields = []
  byteCount = 0
  private hasLength = false
  private held: Uint8Array | undefined
  /** The last bytes of the body, once they are known. */
  private ending: string | undefined
  private isDue = false

  constructor(response: ServerResponse, owner: ClientResponseOwner, turn: TurnFlush) {
    this.response = response
    this.owner = owner
    this.turn = turn
  }

  get status(): number {
    return this.response.statusCode
  }

  /** Whether the client has been sent a head. */
  get begun(): boolean {
    return this.response.headersSent
  }

  informational(head: ResponseHead): void {
    passInformational(this.response, head)
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    this.fields = withoutHopByHop(head.fields)
    if (fieldValue(this.fields, 'trailer') !== undefined && !this.takesTrailers(framing)) {
      this.fields = withoutField(this.fields, 'trailer')
    }
    this.owner.responding()
    this.hasLength = framing.kind === 'length'
    this.response.writeHead(head.status, head.reason, this.fields)
  }

  /** node:http throws at an announcement of trailers where its framing has no place for them. */
  private takesTrailers(framing: BodyFraming): boolean {
    return framing.kind === 'chunked' && this.response.req.httpVersionMinor === 1
  }

  /**
   * Sends the head at the end of this turn if none of the body has come by then: it may not come
   * for minutes. Sending it at once would cost a write of its own when the body is right behind.
   */
  flushHeadSoon(): void {
    if (this.byteCount === 0) this.flushSoon()
  }

  private flushSoon(): void {
    if (this.isDue) return
    this.isDue = true
    this.turn.add(this)
  }

  flushTurn(): void {
    this.isDue = false
    const { response, ending } = this
    if (response.destroyed) return
    if (ending !== undefined) response.end(ending, 'latin1')
    else if (this.byteCount === 0 && !response.writableEnded) response.flushHeaders()
  }

  /** Small bytes wait for what came with them: with the end right behind, one write does all. */
  data(bytes: Uint8Array): void {
    this.byteCount += bytes.length
    this.flush()
    if (bytes.length <= HELD_BYTES_MAX) this.held = bytes
    else this.write(bytes)
  }

  /** Sends what waits. */
  flush(): void {
    const { held } = this
    this.held = undefined
    if (held !== undefined) this.write(held)
  }

  private write(bytes: Uint8Array): void {
    if (this.response.write(bytes) || this.blocked) return
    this.blocked = true
    this.response.once('drain', () => {
      this.blocked = false
      this.owner.drained()
    })
  }

  /**
   * Ends with this turn: one answer right behind the other finds their readers awake, and to wake
   * one costs as much as to write to it.
   */
  end(trailers: Fields): void {
    if (trailers.length > 0) this.response.addTrailers(pairs(trailers))
    const { held } = this
    this.held = undefined
    // node:http joins a text to a head that has not left yet; bytes it would send beside it.
    this.ending = held === undefined ? '' : decodeLatin1(held, 0, held.length)
    this.flushSoon()
    this.owner.responded()
  }

  /** Piko's own answer, where none has begun. */
  answer(answer: Answer): void {
    const { fields, body } = renderAnswer(answer)
    this.fields = fields
    this.byteCount = body.length
    this.response.writeHead(answer.status, fields)
    this.response.end(body)
  }

  /**
   * Breaks off an answer that will not be completed. Where only the connection's end would tell the
   * client that it has everything (HTTP/1.0), a plain close would be a lie: it is reset instead.
   */
  truncate(): void {
    const { socket, chunkedEncoding } = this.response
    if (socket !== null && !chunkedEncoding && !this.hasLength) abortSocket(socket)
    else this.response.destroy()
  }
}

/** Fields as node's addTrailers takes them. */
function pairs(fields: Fields): [string, string][] {
  const list: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) {
    list.push([fields[i] as string, fields[i + 1] as string])
  }
  return list
}
