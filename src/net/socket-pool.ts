import { connect as connectTcp } from 'node:net'
import type { OnReadOpts, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ClientTls } from './client-tls.ts'
import type { HostPort } from '../std/host-port.ts'
import type { Flushable, TurnFlush } from './turn-flush.ts'

/** Who a pooled socket works for at the moment. */
export interface SocketUser {
  /** The chunk is lent: its bytes change when this returns. */
  received(chunk: Uint8Array): void
  /** The peer's FIN. */
  ended(): void
  /** The socket takes bytes again. */
  drained(): void
  /** The socket is gone; with an error when it could not be dialled or broke. */
  lost(error: Error | undefined): void
}

export interface SocketPoolOptions {
  readonly address: HostPort
  /** For a TLS service; asked at every dial. */
  readonly tls: (() => ClientTls) | undefined
  /** Idle sockets kept at once. */
  readonly idleMax: number
  /** How long a socket is kept idle. */
  readonly idleTimeoutMs: number
  /** Interval of TCP keep-alive probes; 0 is none. */
  readonly keepAliveMs: number
  readonly turn: TurnFlush
}

type WriteCallback = (error?: Error | null) => void

/** A socket whose listeners are set once; only its user changes. */
export class PooledSocket implements Flushable {
  readonly socket: Socket
  user: SocketUser | undefined
  /** Whether it has served before, so that its peer may have closed it meanwhile. */
  reused = false
  idleSinceMs = 0
  /** What has come since the socket was taken. */
  receivedBytes = 0
  private readonly turn: TurnFlush
  private isDue = false
  private error: Error | undefined
  private writeError: Error | undefined

  constructor(socket: Socket, user: SocketUser, turn: TurnFlush) {
    this.socket = socket
    this.user = user
    this.turn = turn
    this.deferWriteErrors()
    socket.on('data', this.onData)
    socket.on('end', this.onEnd)
    socket.on('drain', this.onDrain)
    socket.on('error', this.onError)
    socket.on('close', this.onClose)
  }

  /**
   * Writes with the end of this turn, all of it in one: a head and a body that came together leave
   * together, and one request right behind the other finds the service awake.
   */
  write(bytes: Uint8Array | string): void {
    if (!this.isDue) {
      this.isDue = true
      this.socket.cork()
      this.turn.add(this)
    }
    this.socket.write(bytes, 'latin1')
  }

  flushTurn(): void {
    this.isDue = false
    this.socket.uncork()
  }

  /** Hands the socket over for good: from now on somebody else listens. */
  detach(): Socket {
    this.user = undefined
    // The socket's own methods shine through again: its new owner hears of failed writes.
    Reflect.deleteProperty(this.socket, '_write')
    Reflect.deleteProperty(this.socket, '_writev')
    this.socket.off('data', this.onData)
    this.socket.off('end', this.onEnd)
    this.socket.off('drain', this.onDrain)
    this.socket.off('error', this.onError)
    this.socket.off('close', this.onClose)
    return this.socket
  }

  /** Its user has no more interest, and nobody may have it after him. */
  destroy(): void {
    this.user = undefined
    this.socket.destroy()
  }

  /**
   * Leaves it to the reading side to find a dead connection. A service may answer and close in the
   * middle of an upload; node destroys a socket at the first write that fails, and with it the
   * answer that was not read yet. Reading finds the answer first, and then the end.
   */
  private deferWriteErrors(): void {
    const { socket } = this
    const write = socket._write.bind(socket)
    const writev = socket._writev?.bind(socket)
    const deferred = (done: WriteCallback) => (error?: Error | null) => {
      this.writeError ??= error ?? undefined
      done()
    }
    socket._write = (chunk, encoding, done) => write(chunk, encoding, deferred(done))
    if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, deferred(done))
  }

  // An idle socket that says anything, its end included, is of no more use.

  /** Bytes came; whether more are welcome. */
  read(chunk: Uint8Array): boolean {
    this.receivedBytes += chunk.length
    if (this.user === undefined) this.socket.destroy()
    else this.user.received(chunk)
    return !this.socket.isPaused()
  }

  private readonly onData = (chunk: Buffer): void => void this.read(chunk)

  private readonly onEnd = (): void => {
    if (this.user === undefined || this.writeError !== undefined) {
      this.socket.destroy(this.writeError)
    } else {
      this.user.ended()
    }
  }

  private readonly onDrain = (): void => this.user?.drained()

  private readonly onError = (error: Error): void => {
    this.error = error
  }

  private readonly onClose = (): void => {
    const { user } = this
    this.user = undefined
    user?.lost(this.error)
  }
}

/**
 * Keep-alive connections to one service, last used first: the one at the top is the least likely to
 * have been closed by the service, and those at the bottom are the ones to let go.
 */
export class SocketPool {
  private readonly options: SocketPoolOptions
  private readonly idle: PooledSocket[] = []
  /** All sockets read into it: what comes is done with, or copied, before the next read. */
  private readonly readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  private sweeper: NodeJS.Timeout | undefined
  private closed = false

  constructor(options: SocketPoolOptions) {
    this.options = options
  }

  /** An idle socket that served less than `idleMaxMs` ago; undefined when there is none. */
  take(user: SocketUser, idleMaxMs: number): PooledSocket | undefined {
    const oldestMs = performance.now() - idleMaxMs
    for (let pooled = this.idle.pop(); pooled !== undefined; pooled = this.idle.pop()) {
      if (!pooled.socket.writable) continue
      if (pooled.idleSinceMs < oldestMs) {
        this.idle.push(pooled)
        return undefined
      }
      pooled.user = user
      pooled.receivedBytes = 0
      return pooled
    }
    return undefined
  }

  /** A new socket. What is written before it is connected waits. */
  dial(user: SocketUser): PooledSocket {
    const pooled: PooledSocket = new PooledSocket(
      this.connect({
        buffer: this.readBuffer,
        callback: (byteCount, buffer) => pooled.read(buffer.subarray(0, byteCount)),
      }),
      user,
      this.options.turn,
    )
    return pooled
  }

  /** A new socket that can be detached, and so cannot be taken again. */
  dialDetachable(user: SocketUser): PooledSocket {
    return new PooledSocket(this.connect(undefined), user, this.options.turn)
  }

  private connect(onread: OnReadOpts | undefined): Socket {
    const { address, tls, keepAliveMs } = this.options
    const host = address.host === '' ? 'localhost' : address.host
    const options = {
      host,
      port: address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
    }
    // A TLS socket has buffers of its own, and does not know the option.
    return tls === undefined
      ? connectTcp(onread === undefined ? options : { ...options, onread })
      : connectTls({ ...options, ...tls().connectOptions(host) })
  }

  /** Takes a socket back whose exchange is over on both sides. */
  release(pooled: PooledSocket): void {
    const { socket } = pooled
    if (this.closed || !socket.writable || this.idle.length >= this.options.idleMax) {
      pooled.destroy()
      return
    }
    pooled.user = undefined
    pooled.reused = true
    pooled.idleSinceMs = performance.now()
    this.idle.push(pooled)
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref()
  }

  /** Closes what is idle; what is in use closes when it is released. */
  close(): void {
    this.closed = true
    for (const pooled of this.idle.splice(0)) pooled.destroy()
    this.stopSweeping()
  }

  /** The oldest lie at the bottom. */
  private sweep(): void {
    const oldestMs = performance.now() - this.options.idleTimeoutMs
    const keep = this.idle.findIndex(({ idleSinceMs }) => idleSinceMs >= oldestMs)
    for (const pooled of this.idle.splice(0, keep === -1 ? this.idle.length : keep)) {
      pooled.destroy()
    }
    if (this.idle.length === 0) this.stopSweeping()
  }

  private stopSweeping(): void {
    clearInterval(this.sweeper)
    this.sweeper = undefined
  }
}

const SWEEP_INTERVAL_MS = 1_000

const READ_BYTES = 64 * 1024
