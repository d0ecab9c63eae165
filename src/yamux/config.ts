import { INITIAL_WINDOW_BYTES } from './frame.ts'

/** Bytes that several sessions may hold together. */
export interface HeldBudget {
  /**
   * Counts bytes that were received (or, below 0, consumed) on a stream that then holds
   * `streamBytes`; false when that stream is to be given up.
   */
  hold(byteCount: number, streamBytes: number): boolean
}

/** How a session behaves and what it grants its peer. */
export interface SessionConfig {
  /** Decides the parity of stream ids. An agent is the client (odd), a server the server (even). */
  readonly role: 'client' | 'server'
  /** Whether the peer may open streams; if not, each of its SYNs is answered with RST. */
  readonly acceptStreams: boolean
  /** What the peer may send on a stream before it was consumed: INITIAL_WINDOW_BYTES or more. */
  readonly windowBytes: number
  /** Streams alive at once, whoever opened them. */
  readonly streamsMax: number
  /**
   * The last id that `open` gives, so that the owner rotates the session long before ids end at
   * 2^32 − 2. Half of them last for days at thousands of streams a second.
   */
  readonly streamIdMax: number
  /** Bytes of all streams that were received and not consumed; the stream above it is reset. */
  readonly heldBytesMax: number
  /** Counts the same bytes for all sessions that share it. */
  readonly budget?: HeldBudget | undefined
  /** SYNs without an answer at once; further streams wait. Go acceptors reset above 256. */
  readonly unackedMax: number
  /** After this long without a byte from the peer it is pinged. */
  readonly keepAliveIntervalMs: number
  /** After a ping, this long without a byte ends the session. */
  readonly keepAliveTimeoutMs: number
  /** From the wish to send until the peer's ACK, waiting for a slot included. */
  readonly openTimeoutMs: number
  /** After this side's FIN, the longest silence of the peer on the stream. */
  readonly halfCloseTimeoutMs: number
  /** Streams with bytes to send are reset when the transport took nothing for this long. */
  readonly writeStallTimeoutMs: number
}

/** All but the two choices that each program makes for itself. */
export const DEFAULT_SESSION_CONFIG: Omit<SessionConfig, 'role' | 'acceptStreams'> = {
  windowBytes: INITIAL_WINDOW_BYTES,
  streamsMax: 10_000,
  streamIdMax: 0x7f_ff_ff_ff,
  heldBytesMax: 256 * 1024 * 1024,
  unackedMax: 256,
  keepAliveIntervalMs: 30_000,
  keepAliveTimeoutMs: 10_000,
  openTimeoutMs: 75_000,
  halfCloseTimeoutMs: 300_000,
  writeStallTimeoutMs: 60_000,
}

/**
 * Between ends of this project a silent peer is given up within ten seconds, ticks of a second
 * included. A listener pings first; the server, which may have ten thousand of them, hears that and
 * never needs to. The deployed Piko's agents keep to the slower pace above: they may end over a
 * tunnel that breaks, so an outage that they would sit out must not break it.
 */
export const WATCHFUL_KEEP_ALIVE = {
  listener: { keepAliveIntervalMs: 5_000, keepAliveTimeoutMs: 3_000 },
  server: { keepAliveIntervalMs: 6_000, keepAliveTimeoutMs: 2_000 },
} as const
