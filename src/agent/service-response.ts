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

/** As much of a body goes into one frame with its head. */
const JOIN_BYTES_MAX = 4_096

/** Writes a service's response to the tunnel, framed anew: one response, then the stream's end. */
export class ServiceResponse implements ResponseSink {
  private readonly stream: Stream
  /** Calls back when the body is complete on the stream. */
  private readonly completed: () => void
  private chunked = false
  /** A head that has not left: what is right behind it leaves with it. */
  private headText = ''
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
    this.headText = formatHead(head, withoutHopByHop(head.fields))
    this.flush()
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    this.status = head.status
    this.fields = withoutHopByHop(head.fields)
    this.chunked = framing.kind === 'chunked'
    this.keepsAlive = framing.kind !== 'until-close' && head.status !== 101 && staysOpen(head)
    this.headText = formatHead(head, [...this.fields, ...this.connectionFields(head)])
  }

  data(bytes: Uint8Array): void {
    this.byteCount += bytes.length
    if (this.chunked) {
      this.flush()
      for (const piece of encodeChunk(bytes)) this.writable = this.stream.writeLent(piece)
    } else if (this.headText !== '' && bytes.length <= JOIN_BYTES_MAX) {
      this.writeWithHead(bytes)
    } else {
      this.flush()
      this.writable = this.stream.writeLent(bytes)
    }
  }

  end(trailers: Fields): void {
    this.flush()
    if (this.chunked) this.stream.write(encodeLastChunk(trailers))
    this.completed()
  }

  /** Sends a head that has waited for the first of the body. */
  flush(): void {
    if (this.headText === '') return
    this.writable = this.stream.write(encodeLatin1(this.headText))
    this.headText = ''
  }

  /** The head and the body's first bytes as one frame. */
  private writeWithHead(bytes: Uint8Array): void {
    const { headText } = this
    const joined = Buffer.allocUnsafe(headText.length + bytes.length)
    joined.write(headText, 'latin1')
    joined.set(bytes, headText.length)
    this.headText = ''
    this.writable = this.stream.write(joined)
  }

  private connectionFields(head: ResponseHead): Fields {
    if (head.status === 101) {
      return ['Connection', 'Upgrade', 'Upgrade', wantsUpgrade(head.fields) ?? '']
    }
    return this.chunked
      ? ['Transfer-Encoding', 'chunked', 'Connection', 'close']
      : ['Connection', 'close']
  }
}

function formatHead(head: ResponseHead, fields: Fields): string {
  return formatResponseHead({ ...head, minorVersion: 1, fields })
}

/** RFC 9112 §9.3. */
function staysOpen({ minorVersion, fields }: ResponseHead): boolean {
  const { close, keepAlive } = readConnection(fields)
  return minorVersion === 1 ? !close : keepAlive
}
