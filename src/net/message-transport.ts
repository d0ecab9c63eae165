import type { Transport } from './transport.ts'

/**
 * A WebSocket as one TCP connection needs it: no window lies above it, so that it must be able to
 * hold its peer up itself, and the code of its Close says how the connection ended.
 */
export interface MessageTransport extends Transport {
  /** Delivers nothing more, but what was read already, until `resume`. The peer is held up. */
  pause(): void
  resume(): void
  /** Lets what was sent leave, then closes with this code (default: normal). */
  close(closeCode?: number): void
}
