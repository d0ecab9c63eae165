import type { Socket } from 'node:net'
import { answerBytes } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import { closeGently } from '../../net/close-gently.ts'

/** What a client may say in the new protocol before it was granted; then it is not read on. */
const EARLY_BYTES_MAX = 64 * 1024

/**
 * The socket of a client that asked for another protocol and waits to hear whether it gets it. What
 * it says meanwhile is kept. As with any request, one that ends before it has its answer has left.
 */
export class WaitingSocket {
  private readonly socket: Socket
  private readonly early: Buffer[]
  private earlyBytes: number

  /** `early` came right behind the request. */
  constructor(socket: Socket, early: Buffer) {
    this.socket = socket
    this.early = [early]
    this.earlyBytes = early.length
    socket.on('error', () => socket.destroy())
    socket.on('data', this.keepEarly)
    socket.once('end', this.left)
  }

  /** The wait is over: gives back what came meanwhile. The next one to listen gets what follows. */
  stopWaiting(): Buffer {
    this.socket.off('data', this.keepEarly)
    this.socket.off('end', this.left)
    return Buffer.concat(this.early.splice(0))
  }

  /** Gives Piko's own answer, and closes. */
  answer(answer: Answer): void {
    this.socket.write(answerBytes(answer))
    this.close()
  }

  /** Behind an answer that was a no. */
  close(): void {
    this.stopWaiting()
    closeGently(this.socket)
  }

  private readonly keepEarly = (chunk: Buffer): void => {
    this.early.push(chunk)
    this.earlyBytes += chunk.length
    if (this.earlyBytes > EARLY_BYTES_MAX) this.socket.pause()
  }

  private readonly left = (): void => {
    this.socket.destroy()
  }
}
