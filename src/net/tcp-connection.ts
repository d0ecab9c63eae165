import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Splice } from './splice.ts'
import { CodedError } from '../std/errors.ts'
import type { HostPort } from '../std/host-port.ts'
import type { Stream } from '../yamux/session.ts'

/** How long a silent connection is left alone before TCP probes whether the service is there. */
const KEEP_ALIVE_MS = 15_000

/** The service did not take the connection in time. */
class ConnectTimeout extends CodedError<'connect-timeout'> {
  override readonly name = 'ConnectTimeout'
}

export interface TcpConnectionOptions {
  readonly service: HostPort
  /** How long the service may take to accept; 0 = as long as the operating system tries. */
  readonly timeoutMs: number
  /**
   * Called once, when the connection is over; `failure` says why the service was not reached.
   */
  readonly closed: (connection: TcpConnection, failure: Error | undefined) => void
}

/** One connection of a tunnel's stream to the service behind it, spliced from the first byte on. */
export class TcpConnection {
  private readonly stream: Stream
  private readonly socket: Socket
  private readonly splice: Splice
  private failure: Error | undefined

  constructor(stream: Stream, { service, timeoutMs, closed }: TcpConnectionOptions) {
    this.stream = stream
    const socket = connect({ ...service, allowHalfOpen: true, noDelay: true })
    this.socket = socket
    const timer =
      timeoutMs > 0 ? setTimeout(() => socket.destroy(timeout(timeoutMs)), timeoutMs) : undefined
    const fail = (error: Error): void => {
      this.failure = error
      // Nobody has got anything of the connection.
      stream.decline()
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      socket.setKeepAlive(true, KEEP_ALIVE_MS)
    })
    // What comes for the service before it has accepted waits in the socket, within the window.
    this.splice = new Splice(stream, socket, () => {
      clearTimeout(timer)
      closed(this, this.failure)
    })
  }

  get fromClientBytes(): number {
    return this.socket.bytesWritten
  }

  get toClientBytes(): number {
    return this.socket.bytesRead
  }

  /** Breaks the connection off on both sides. */
  abort(): void {
    this.stream.reset()
    this.splice.reset()
  }
}

function timeout(timeoutMs: number): ConnectTimeout {
  return new ConnectTimeout('connect-timeout', `the service did not accept within ${timeoutMs} ms`)
}
