import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Strangers come from addresses that nobody else in the siege has. */
const ADDRESSES = 16

export interface StrangerOptions {
  readonly port: number
  readonly count: number
  /** Said first, and again by whoever was thrown out and comes back. */
  readonly opening: Uint8Array | string
  /** Said behind it for as long as the node takes it; without it they fall silent. */
  readonly chunk?: Uint8Array
  /** Said once a second. */
  readonly drip?: string
  /** Whether the chunk waits for the first answer, as that to a handshake. */
  readonly listensFirst?: boolean
}

/** Connections that are opened again whenever they are lost; resolves when all stood once. */
export async function sendStrangers(options: StrangerOptions): Promise<void> {
  const { count } = options
  // A few at a time: what is attacked is the node, not the kernel's queue of connections.
  for (let begun = 0; begun < count; begun += 100) {
    const batch = Array.from({ length: Math.min(100, count - begun) }, (_, i) => begun + i)
    await Promise.all(batch.map(async (index) => new Stranger(options, index).begun))
  }
}

class Stranger {
  readonly begun: Promise<void>
  private readonly options: StrangerOptions
  private readonly address: string
  private hasBegun = (): void => {}

  constructor(options: StrangerOptions, index: number) {
    this.options = options
    this.address = `127.0.0.${2 + (index % ADDRESSES)}`
    this.begun = new Promise((resolve) => {
      this.hasBegun = resolve
    })
    this.come()
  }

  private come(): void {
    const { port, opening, listensFirst = false } = this.options
    const socket = connect({ port, host: '127.0.0.1', localAddress: this.address })
    socket.on('error', () => {})
    socket.once('connect', () => {
      socket.write(opening)
      this.hasBegun()
      if (!listensFirst) this.goOn(socket)
    })
    socket.once('data', () => {
      if (listensFirst) this.goOn(socket)
    })
    socket.resume()
    socket.once('close', () => setImmediate(() => this.come()))
  }

  private goOn(socket: Socket): void {
    const { chunk, drip } = this.options
    if (chunk !== undefined) pour(socket, chunk)
    if (drip === undefined) return
    const timer = setInterval(() => socket.write(drip), 1_000)
    socket.once('close', () => clearInterval(timer))
  }
}

/** Writes the bytes again and again, as fast as they are taken. */
function pour(socket: Socket, chunk: Uint8Array): void {
  const more = (): void => {
    if (!socket.destroyed) socket.write(chunk, () => setImmediate(more))
  }
  more()
}
