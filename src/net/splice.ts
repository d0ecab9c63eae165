import type { Socket } from 'node:net'
import { abortSocket } from './abort-socket.ts'
import type { Stream, StreamHandler } from '../yamux/session.ts'

/**
 * Joins a stream and a socket, byte for byte, in both directions:
 *
 *     socket data ──▶ stream.write   false → socket pauses until drain
 *     socket end  ──▶ stream.end     (half-close, the other direction goes on)
 *     socket lost ──▶ stream.reset
 *     stream data ──▶ socket.write   credit goes back when the socket took the bytes
 *     stream end  ──▶ socket.end
 *     stream lost ──▶ RST on the socket, so that a cut never looks like an end
 *
 * The socket must allow half-open connections; its `error` event is handled here.
 * Resetting the stream from outside does not reach the socket: call `reset` here as well.
 */
export class Splice implements StreamHandler {
  private readonly stream: Stream
  private readonly socket: Socket
  /** Bytes given to the socket whose credit the peer waits for. */
  private owedBytes = 0

  /** `closed` is called when the socket is gone. */
  constructor(stream: Stream, socket: Socket, closed: () => void = () => {}) {
    this.stream = stream
    this.socket = socket
    stream.attach(this)
    socket.on('data', (chunk: Buffer) => {
      if (!stream.write(chunk)) socket.pause()
    })
    socket.on('end', () => stream.end())
    socket.on('drain', () => this.repay())
    socket.on('error', () => stream.reset())
    socket.once('close', () => {
      // Closed in order, what is still queued on the stream goes out by itself.
      if (!socket.readableEnded || !stream.peerEnded) stream.reset()
      closed()
    })
  }

  data(bytes: Uint8Array): void {
    this.owedBytes += bytes.length
    if (this.socket.write(bytes)) this.repay()
  }

  end(): void {
    this.socket.end()
  }

  drain(): void {
    this.socket.resume()
  }

  reset(): void {
    abortSocket(this.socket)
  }

  private repay(): void {
    const owedBytes = this.owedBytes
    this.owedBytes = 0
    if (owedBytes > 0) this.stream.consumed(owedBytes)
  }
}
