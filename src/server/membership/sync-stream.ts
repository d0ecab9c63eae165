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
  let held: Buffer = Buffer.alloc(0)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    const message = firstMessage(held)
    if (held.length > LENGTH_BYTES + bytesMax) socket.destroy()
    if (message === undefined || socket.destroyed) return
    held = held.subarray(LENGTH_BYTES + message.length)
    const reply = receive(message)
    if (reply === undefined) socket.end()
    else send(socket, reply)
  })
  if (first !== undefined) send(socket, first)
  socket.resume()
}

function firstMessage(held: Buffer): Buffer | undefined {
  if (held.length < LENGTH_BYTES) return undefined
  const end = LENGTH_BYTES + held.readUInt32BE(0)
  return held.length < end ? undefined : held.subarray(LENGTH_BYTES, end)
}

function send(socket: Socket, message: Uint8Array): void {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(message.length)
  socket.write(length)
  socket.write(message)
}
