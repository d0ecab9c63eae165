import { connect } from 'node:net'
import { STREAM_BYTES } from './cells.ts'

/**
 * The load of the stream cells, a program of its own: `stream-client.ts <down|up> <port> [header]`
 * moves one GiB and prints how long that took, in microseconds. It ends with 1 when a byte is
 * missing. It speaks just enough HTTP for this: node:http would be slower than what is measured.
 */
async function transfer(direction: string, port: number, header?: string): Promise<number> {
  const startedMs = performance.now()
  const moved = direction === 'down' ? await download(port, header) : await upload(port, header)
  if (moved !== STREAM_BYTES) throw new Error(`${moved} bytes of ${STREAM_BYTES} came through`)
  return Math.round((performance.now() - startedMs) * 1_000)
}

/** The bytes behind the head of the answer, which has to say how many there are. */
async function download(port: number, header?: string): Promise<number> {
  const answer = new Answer()
  const head = requestHead(`GET /${STREAM_BYTES}`, header, [])
  await exchange(port, answer, (socket) => socket.write(head))
  return answer.contentLength === answer.bodyBytes ? answer.bodyBytes : -1
}

/** Sends zeros as fast as they are taken; the sink's answer is the count of what came. */
async function upload(port: number, header?: string): Promise<number> {
  const answer = new Answer()
  const piece = Buffer.alloc(256 * 1024)
  await exchange(port, answer, (socket) => {
    socket.write(requestHead('POST /', header, [`Content-Length: ${STREAM_BYTES}`]))
    let leftBytes = STREAM_BYTES
    const send = (): void => {
      let hasRoom = true
      while (hasRoom && leftBytes > 0) {
        hasRoom = socket.write(piece)
        leftBytes -= piece.length
      }
    }
    socket.on('drain', send)
    send()
  })
  return Number(answer.text)
}

function requestHead(line: string, header: string | undefined, more: readonly string[]): string {
  const fields = ['Host: 127.0.0.1', ...(header === undefined ? [] : [header]), ...more]
  return [`${line} HTTP/1.1`, ...fields, '', ''].join('\r\n')
}

/** Counts the bytes of an answer, and keeps what is needed of its beginning. */
class Answer {
  contentLength = Number.NaN
  bodyBytes = 0
  /** The body, if it is a short one. */
  text = ''
  private headText: string | undefined = ''

  get isComplete(): boolean {
    return this.bodyBytes >= this.contentLength
  }

  push(bytes: Buffer): void {
    if (this.headText === undefined) {
      this.body(bytes)
      return
    }
    const before = this.headText.length
    this.headText += bytes.toString('latin1')
    const end = this.headText.indexOf('\r\n\r\n')
    if (end === -1) return
    this.contentLength = Number(/^content-length: *(\d+)/im.exec(this.headText)?.[1])
    this.headText = undefined
    this.body(bytes.subarray(end + 4 - before))
  }

  private body(bytes: Buffer): void {
    this.bodyBytes += bytes.length
    if (this.bodyBytes < 100) this.text += bytes.toString('latin1')
  }
}

async function exchange(
  port: number,
  answer: Answer,
  begin: (socket: ReturnType<typeof connect>) => void,
): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(512 * 1024)
  return new Promise((resolve, reject) => {
    // One buffer for all reads: an allocation for each would cost more than the read.
    const onRead = (length: number): boolean => {
      answer.push(buffer.subarray(0, length))
      if (answer.isComplete) resolve()
      return true
    }
    const socket = connect({ host: '127.0.0.1', port, onread: { buffer, callback: onRead } })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`cut off after ${answer.bodyBytes} bytes`)))
    begin(socket)
  })
}

const [direction = '', port = '', header] = process.argv.slice(2)
console.log(await transfer(direction, Number(port), header))
// The connection is kept by the other side, and would keep the process.
process.exit()
