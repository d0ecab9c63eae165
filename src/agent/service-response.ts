import type { BodyFraming } from '../http1/body-framing.ts'
import { readConnection } from '../http1/connection.ts'
import type { Fields } from '../http1/fields.ts'
import type { ResponseHead } from '../http1/head-parser.ts'
import { formatResponseHead } from '../http1/head-writer.ts'
import { wantsUpgrade, withoutHopByHop } from '../http1/hop-by-hop.ts'
import type { ResponseSink } from '../http1/response-reader.ts'
import { encodeChunk, encodeLastChunk } from '../net/chunked-body.ts'
import { encodeLatin1 } from '../net/latin1.ts'
import type { Stream } from '../yamux/session.ts'

/** Writes a service's response to the tunnel, framed anew: one response, then the stream's end. */
export class ServiceResponse implements ResponseSink {
  private readonly stream: Stream
  /** Calls back when the body is complete on the stream. */
  private readonly completed: () => void
  private chunked = false
  status = 0
  fields: Fields = []
  byteCount = 0
  /** Whether the service will take another request on the same connection. */
  keepsAlive = false
  /** Whether the stream took the last write without having to queue it. */
  writable = true

  constructor(stream: Stream, completed: () => void) {
    this.stream = stream
    this.completed = completed
  }

  informational(head: ResponseHead): void {
    this.writeHead(head, withoutHopByHop(head.fields))
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    this.status = head.status
    this.fields = withoutHopByHop(head.fields)
    this.chunked = framing.kind === 'chunked'
    this.keepsAlive = framing.kind !== 'until-close' && head.status !== 101 && staysOpen(head)
    this.writeHead(head, [...this.fields, ...this.connectionFields(head)])
  }

  data(bytes: Uint8Array): void {
    this.byteCount += bytes.length
    for (const piece of this.chunked ? encodeChunk(bytes) : [bytes]) {
      this.writable = this.stream.write(piece)
    }
  }

  end(trailers: Fields): void {
    if (this.chunked) this.stream.write(encodeLastChunk(trailers))
    this.completed()
  }

  private connectionFields(head: ResponseHead): Fields {
    if (head.status === 101) {
      return ['Connection', 'Upgrade', 'Upgrade', wantsUpgrade(head.fields) ?? '']
    }
    return this.chunked
      ? ['Transfer-Encoding', 'chunked', 'Connection', 'close']
      : ['Connection', 'close']
  }

  private writeHead(head: ResponseHead, fields: Fields): void {
    const text = formatResponseHead({ ...head, minorVersion: 1, fields })
    this.writable = this.stream.write(encodeLatin1(text))
  }
}

/** RFC 9112 §9.3. */
function staysOpen({ minorVersion, fields }: ResponseHead): boolean {
  const { close, keepAlive } = readConnection(fields)
  return minorVersion === 1 ? !close : keepAlive
}
