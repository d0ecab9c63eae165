import type { Socket } from 'node:net'
import type { Ticking } from '../../net/heartbeat.ts'

/** The connections that have a request under way. */
export interface BusyConnections {
  busy(): Iterable<Socket>
}

export interface StalledReadersOptions {
  readonly connections: BusyConnections
  /** The longest pause of a client that has something to read; 0 is for ever. */
  readonly timeoutMs: number
  readonly exceeded: () => void
}

/** What waits for a client on its connection, and since when nothing of it went out. */
interface Mark {
  readonly sentBytes: number
  readonly queuedBytes: number
  readonly sinceMs: number
}

/**
 * Cuts clients that take nothing of the answer that waits for them. It looks at all busy
 * connections once a second in the place of a timer for each answer, so that answers cost nothing.
 */
export class StalledReaders implements Ticking {
  private readonly connections: BusyConnections
  private readonly exceeded: () => void
  private readonly marks = new WeakMap<Socket, Mark>()
  private timeoutMs: number

  constructor({ connections, timeoutMs, exceeded }: StalledReadersOptions) {
    this.connections = connections
    this.timeoutMs = timeoutMs
    this.exceeded = exceeded
  }

  configure(timeoutMs: number): void {
    this.timeoutMs = timeoutMs
  }

  tick(nowMs: number): void {
    if (this.timeoutMs === 0) return
    for (const socket of this.connections.busy()) {
      if (socket.writableLength === 0 || !hasResponse(socket)) this.marks.delete(socket)
      else if (nowMs - this.standsSince(socket, nowMs) >= this.timeoutMs) {
        this.exceeded()
        socket.destroy()
      }
    }
  }

  private standsSince(socket: Socket, nowMs: number): number {
    const sentBytes = socket.bytesWritten - socket.writableLength
    const queuedBytes = queuedBytesOf(socket)
    const before = this.marks.get(socket)
    if (before?.sentBytes === sentBytes && before.queuedBytes === queuedBytes) return before.sinceMs
    this.marks.set(socket, { sentBytes, queuedBytes, sinceMs: nowMs })
    return nowMs
  }
}

/** An upgraded connection has none: its protocol knows itself when somebody is gone. */
function hasResponse(socket: Socket & { _httpMessage?: object | null }): boolean {
  return (socket._httpMessage ?? undefined) !== undefined
}

/**
 * What the operating system has not taken of the write under way. `writableLength` moves only when
 * all of it is taken, which takes minutes on a slow link; node's own timeouts look here, too.
 */
function queuedBytesOf(socket: Socket & { _handle?: { writeQueueSize?: number } | null }): number {
  return socket._handle?.writeQueueSize ?? 0
}
