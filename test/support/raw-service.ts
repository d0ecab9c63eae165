import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { Wire } from './wire.ts'

/** A service that a test plays by hand: it gets each connection as a Wire. */
export class RawService {
  readonly port: number
  /** How many connections came. */
  accepted = 0
  private readonly server: Server
  private readonly waiting: Wire[] = []
  private readonly open = new Set<Wire>()
  private wake: (() => void) | undefined

  private constructor(server: Server) {
    this.server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      const wire = new Wire(socket)
      this.accepted += 1
      this.open.add(wire)
      socket.once('close', () => this.open.delete(wire))
      this.waiting.push(wire)
      this.wake?.()
    })
  }

  /** Opens at a free port, or at one that was used before. */
  static async start(port = 0): Promise<RawService> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return new RawService(server)
  }

  /** The next connection that nobody has taken. */
  async connection(): Promise<Wire> {
    while (this.waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    return this.waiting.shift() as Wire
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const { socket } of this.open) socket.destroy()
    await closed
  }
}
