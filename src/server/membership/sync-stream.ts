import type { Socket } from 'node:net'

const LENGTH_BYTES = 4
const TIMEOUT_MS = 10_000

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
  let chunks: Buffer[] = []
  let heldBytes = 0
  let neededBytes = LENGTH_BYTES
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    heldBytes += chunk.length
    if (heldBytes < neededBytes) return
    const held = Buffer.concat(chunks)
    neededBytes = LENGTH_BYTES + held.readUInt32BE(0)
    if (neededBytes > LENGTH_BYTES + bytesMax || heldBytes > neededBytes) {
      // Too long, or more than one message in a turn.
      socket.destroy()
    } else if (heldBytes < neededBytes) {
      chunks = [held]
    } else {
      chunks = []
      heldBytes = 0
      neededBytes = LENGTH_BYTES
      const reply = receive(held.subarray(LENGTH_BYTES))
      if (reply === undefined) socket.end()
      else send(socket, reply)
    }
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
