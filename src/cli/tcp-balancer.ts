import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { listen } from '../net/listen.ts'
import type { HostPort } from '../std/host-port.ts'

/**
 * A load balancer for one machine: each connection goes to the next of the targets, in turn, and
 * to another one when that does not answer. Nothing is read from the client before a target is
 * there, so nothing is sent twice.
 *
 *     client ──▶ balancer ──connect──▶ n1   refused
 *                        └──connect──▶ n2   ◀──bytes, both ways──▶
 */
export class TcpBalancer {
  private readonly targets: () => readonly HostPort[]
  private readonly server: Server
  private readonly clients = new Set<Socket>()
  private next = 0

  /** `targets` gives those that take connections now. */
  constructor(targets: () => readonly HostPort[]) {
    this.targets = targets
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.accepted(client)
    })
  }

  /** `what` names the port in errors. Rejects with a ListenError. */
  async listen(address: HostPort, what: string): Promise<HostPort> {
    return listen(this.server, address, what)
  }

  /** Cuts what is still connected. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const client of this.clients) client.destroy()
    await closed
  }

  private accepted(client: Socket): void {
    this.clients.add(client)
    client.on('error', () => client.destroy())
    client.once('close', () => this.clients.delete(client))
    const targets = this.targets()
    this.next = (this.next + 1) % Math.max(1, targets.length)
    this.tryNext(client, [...targets.slice(this.next), ...targets.slice(0, this.next)])
  }

  private tryNext(client: Socket, [target, ...others]: readonly HostPort[]): void {
    if (target === undefined || client.destroyed) {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const failed = (): void => this.tryNext(client, others)
    upstream.once('error', failed)
    upstream.once('connect', () => {
      upstream.off('error', failed)
      join(client, upstream)
    })
  }
}

/** Carries bytes both ways, ends one by one, and breaks both when one breaks. */
function join(a: Socket, b: Socket): void {
  for (const [socket, other] of [
    [a, b],
    [b, a],
  ] as const) {
    socket.pipe(other)
    socket.on('error', () => socket.destroy())
    // What broke off must not look like an end.
    const broke = (): void => void (socket.readableEnded || other.resetAndDestroy())
    if (socket.destroyed) broke()
    else socket.once('close', broke)
  }
}
