import type { Stream } from '../yamux/session.ts'
import type { PikoError } from './piko-error.ts'
import { Tunnel } from './tunnel.ts'
import type { TunnelOptions, TunnelOwner } from './tunnel.ts'

/** Tunnels of a listener when nothing else is asked for. */
export const CONNECTIONS = 2

export interface TunnelGroupOptions extends TunnelOptions {
  /** How many tunnels to open, each to another node: as many as the cluster has nodes at most. */
  readonly connections?: number
}

/** What the owner of a group is told: what a tunnel's is, of all of them together. */
export interface TunnelGroupOwner extends TunnelOwner {
  /** One tunnel is down, could not be opened or was refused, whether others stand or not. First. */
  tunnelDown?(reason: PikoError): void
}

/**
 * The tunnels of one listener, as one: to different nodes of a cluster, so that the death of a node
 * costs the requests that were on it and nothing else.
 *
 *     first ──connected: "n1, of 3 nodes"──▶ the others open, avoiding n1
 *
 * The owner hears what matters of all together: that the first one stands, and that none does. A
 * deployed Piko does not say which node it is; there the first one stays the only one.
 */
export class TunnelGroup {
  private readonly options: TunnelGroupOptions
  private readonly owner: TunnelGroupOwner
  private readonly tunnels: Tunnel[] = []
  private isUp = false
  private isLeaving = false

  /** Throws a PikoError when the URL is none. */
  constructor(options: TunnelGroupOptions, owner: TunnelGroupOwner) {
    this.options = options
    this.owner = owner
    this.add()
  }

  /** Begins to connect, and never stops by itself. */
  start(): void {
    for (const tunnel of this.tunnels) tunnel.start()
  }

  /** Gets no more streams; resolves when those that are open are done. */
  async drain(): Promise<void> {
    this.isLeaving = true
    await Promise.all(this.tunnels.map(async (tunnel) => tunnel.drain()))
  }

  /** Ends everything at once. */
  destroy(): void {
    this.isLeaving = true
    for (const tunnel of this.tunnels) tunnel.destroy()
  }

  private add(): Tunnel {
    const siblings = (): string[] => {
      return this.tunnels.flatMap((other) => (other === tunnel ? [] : (other.node ?? [])))
    }
    const tunnel: Tunnel = new Tunnel(
      { ...this.options, siblings },
      this.ownerOf(() => tunnel),
    )
    this.tunnels.push(tunnel)
    return tunnel
  }

  private ownerOf(tunnel: () => Tunnel): TunnelOwner {
    return {
      accepted: (stream: Stream) => this.owner.accepted(stream),
      connected: () => this.connected(tunnel()),
      disconnected: (reason, retryMs) => this.disconnected(reason, retryMs),
      refused: (reason) => this.refused(tunnel(), reason),
    }
  }

  private connected({ nodeCount }: Tunnel): void {
    const wanted = Math.min(this.options.connections ?? CONNECTIONS, nodeCount)
    while (!this.isLeaving && this.tunnels.length < wanted) this.add().start()
    if (this.isUp) return
    this.isUp = true
    this.owner.connected()
  }

  private disconnected(reason: PikoError, retryMs: number): void {
    this.owner.tunnelDown?.(reason)
    if (this.tunnels.some(({ isConnected }) => isConnected)) return
    this.isUp = false
    this.owner.disconnected(reason, retryMs)
  }

  /** What one of several is refused, the others may still have. */
  private refused(tunnel: Tunnel, reason: PikoError): void {
    this.owner.tunnelDown?.(reason)
    this.tunnels.splice(this.tunnels.indexOf(tunnel), 1)
    if (this.tunnels.length === 0) this.owner.refused(reason)
  }
}
