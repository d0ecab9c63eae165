import type { Socket } from 'node:net'

const LENGTH_BYTES = 4
/** The longest silence, and the longest reconciliation, however slowly it goes on. */
const IDLE_MS = 10_000
const TOTAL_MS = 60_000

export interface SyncStreamOptions {
  /** What this side says first; the side that was asked says nothing. */
  readonly first?: Uint8Array
  /** Largest message taken from the peer. */
  readonly bytesMax: number
  /** Takes a message, and gives the reply to it, if there is one. */
  readonly receive: (message: Uint8Array) => Uint8Array | undefined
}

/**
 * Runs a reconciliation over a stream between nodes: messages of 4 bytes of length and their
 * content, in turns, until one side has nothing to reply.
 */
export function runSync(socket: Socket, { first, bytesMax, receive }: SyncStreamOptions): void {
  let incoming = Buffer.alloc(LENGTH_BYTES)
  let held = 0
  let isLengthKnown = false
  const expect = (byteCount: number): void => {
    incoming = Buffer.allocUnsafe(byteCount)
    held = 0
  }
  const take = (chunk: Buffer): Buffer => {
    const count = chunk.copy(incoming, held)
    held += count
    return chunk.subarray(count)
  }
  const total = setTimeout(() => socket.destroy(), TOTAL_MS)
  socket.once('close', () => clearTimeout(total))
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('end', () => socket.end())
  const takeLength = (): boolean => {
    const length = incoming.readUInt32BE(0)
    isLengthKnown = length > 0 && length <= bytesMax
    if (isLengthKnown) expect(length)
    return isLengthKnown
  }
  const takeMessage = (): void => {
    const reply = receive(incoming)
    isLengthKnown = false
    expect(LENGTH_BYTES)
    if (reply === undefined) socket.end()
    else send(socket, reply)
  }
  socket.on('data', (chunk: Buffer) => {
    let rest = take(chunk)
    if (!isLengthKnown && held === LENGTH_BYTES) {
      if (takeLength()) rest = take(rest)
      else socket.destroy()
    }
    // More than one message in a turn.
    if (rest.length > 0) socket.destroy()
    else if (isLengthKnown && held === incoming.length) takeMessage()
  })
  if (first !== undefined) send(socket, first)
  socket.resume()
}

function send(socket: Socket, message: Uint8Array): void {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(message.length)
  socket.write(length)
  socket.write(message)
}
