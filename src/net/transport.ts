/**
 * Room that a sender leaves in front of a batch, for the transport's own framing (RFC 6455 §5.2).
 */
export const HEADROOM_BYTES = 14

/**
 * The two calls that a tunnel rests on: bytes out and bytes in. Below is a WebSocket; its message
 * boundaries mean nothing, the bytes are one stream (wire.md, Tunnel).
 */
export interface Transport {
  /**
   * Whether sent bytes are overwritten on their way out. A WebSocket client masks (RFC 6455 §5.3),
   * so it must be given copies; a server may be given payloads by reference.
   */
  readonly overwrites: boolean

  /** Bytes accepted by `send` that the operating system has not taken yet. */
  readonly bufferedBytes: number

  /** Begins to deliver. Called once, before anything else. */
  start(handler: TransportHandler): void

  /**
   * Sends the pieces, in order, as one message. In front of the first piece lie HEADROOM_BYTES of
   * its buffer that are free to use. The pieces belong to the transport until `bufferedBytes` is 0.
   */
  send(pieces: readonly Uint8Array[], byteLength: number): void

  /** Lets what was sent leave, then closes. `transportClosed` follows. */
  close(): void

  /** Drops the connection at once. `transportClosed` follows. */
  destroy(): void
}

export interface TransportHandler {
  /**
   * The peer's next bytes, cut anywhere. The receiver may keep them: nobody writes to them again.
   */
  bytes(chunk: Uint8Array): void
  /** A message without bytes came, behind the bytes before it. In a tunnel it means nothing. */
  emptyMessage?(): void
  /** The peer pinged the transport, which answers by itself. */
  pinged?(): void
  /** `bufferedBytes` fell to 0 after it had been above 0. */
  drained(): void
  /** Exactly once, last. Without an error the peer closed in order. */
  transportClosed(cause: Error | undefined): void
}
