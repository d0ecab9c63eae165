import type { YamuxError } from './errors.ts'

/**
 * One stream of a session, as its user sees it: bytes both ways, each way with its own end.
 *
 *     write write end ──▶  bytes, FIN
 *                          bytes, FIN  ──▶ handler.data handler.data handler.end
 *
 * Every call may be made from inside any callback. After the stream is closed all calls are no-ops.
 */
export interface Stream {
  readonly id: number

  /** Sets who receives from now on. An accepted stream must be given a handler at once. */
  attach(handler: StreamHandler): void

  /** Sends SYN now. Without it the SYN waits for, and rides on, the first `write` or `end`. */
  flushOpen(): void

  /**
   * Takes all of `bytes`, by reference: they must not be changed any more. False means that the
   * peer's window is closed or the transport is full: wait for `drain` before writing more.
   */
  write(bytes: Uint8Array): boolean

  /**
   * As `write`, for bytes in a buffer that is filled again as soon as this returns: what cannot
   * leave at once is copied. For streams whose transport overwrites what it sends, and so is given
   * copies.
   */
  writeLent(bytes: Uint8Array): boolean

  /** Sends FIN after the last written byte. Receiving goes on. */
  end(): void

  /**
   * Ends both ways at once: written bytes that have not left are dropped, the peer gets RST, and
   * nothing more is received. The handler is not called.
   */
  reset(): void

  /**
   * The same as `reset`, and tells the peer that nobody acted on what came: the stream may be tried
   * elsewhere. Only our own peers understand that; others see a reset.
   */
  decline(): void

  /** Says that received bytes are done with, so that the peer may send as many again. */
  consumed(byteCount: number): void

  /** Both ways ended, or reset. */
  readonly isClosed: boolean
  /** The peer's FIN has come. */
  readonly peerEnded: boolean
  /** Payload bytes that have come in all; at 0 the peer has not answered a byte. */
  readonly receivedBytes: number
  /** Written bytes that have not left yet. */
  readonly queuedBytes: number
}

/** What a stream tells its user: synchronously, in the order of the wire. Must not throw. */
export interface StreamHandler {
  /** The peer took a stream that was opened on this side; before whatever else comes of it. */
  opened?(): void
  /**
   * Bytes came: a view into the transport's buffer, which nobody writes to again, so it may be
   * kept. The peer may send as many again only after `stream.consumed`.
   */
  data(bytes: Uint8Array): void
  /** The peer's FIN, behind its last byte. */
  end(): void
  /** After `write` returned false: all has left, and there is room again. */
  drain(): void
  /** The stream ended abnormally. The last call, and not the answer to a `reset` of one's own. */
  reset(error: YamuxError): void
}
