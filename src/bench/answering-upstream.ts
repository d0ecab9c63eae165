import { Tunnel } from '../client/tunnel.ts'
import type { TunnelOptions, TunnelOwner } from '../client/tunnel.ts'
import type { Logger } from '../log/logger.ts'
import { describeError } from '../std/errors.ts'
import type { Stream } from '../yamux/session.ts'
import { AnsweredRequest } from './answered-request.ts'

/** One listener of an endpoint that answers every request itself, with the same bytes. */
export class AnsweringUpstream implements TunnelOwner {
  private readonly tunnel: Tunnel
  private readonly answer: Uint8Array
  private readonly logger: Logger
  private connectedOnce: () => void = () => {}
  private refusedOnce: (reason: Error) => void = () => {}
  /** Why it is not connected, or was not before. */
  lastReason: Error | undefined
  /** Resolves when it is connected for the first time; rejects when the server refuses it. */
  readonly ready = new Promise<void>((resolve, reject) => {
    this.connectedOnce = resolve
    this.refusedOnce = reject
  })

  /** `answer` is a whole response, head and body. */
  constructor(options: TunnelOptions, answer: Uint8Array, logger: Logger) {
    this.tunnel = new Tunnel(options, this)
    this.answer = answer
    this.logger = logger
  }

  start(): void {
    this.tunnel.start()
  }

  close(): void {
    this.tunnel.destroy()
  }

  // What the tunnel says.

  accepted(stream: Stream): void {
    stream.attach(new AnsweredRequest(stream, this.answer))
  }

  connected(): void {
    this.connectedOnce()
  }

  disconnected(reason: Error): void {
    this.lastReason = reason
    this.logger.debug('upstream disconnected', { reason: describeError(reason) })
  }

  refused(reason: Error): void {
    this.lastReason = reason
    this.refusedOnce(reason)
  }
}
