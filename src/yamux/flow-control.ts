import { assert } from '../std/assert.ts'
import { INITIAL_WINDOW_BYTES, UINT32_MAX } from './frame.ts'

/** What this side may still send on a stream: every payload byte is paid for with one of it. */
export class SendWindow {
  private left = INITIAL_WINDOW_BYTES

  get available(): number {
    return this.left
  }

  take(byteCount: number): void {
    assert(byteCount <= this.left, 'a sender keeps to its window')
    this.left -= byteCount
  }

  /** The peer grants more. The sum is clamped: a peer cannot make it wrap to a small number. */
  grant(byteCount: number): void {
    this.left = Math.min(UINT32_MAX, this.left + byteCount)
  }
}

/**
 * What the peer may still send on a stream, and what it will be told that it may send again.
 *
 *     ├──────────────────────────── sizeBytes ────────────────────────────┤
 *     │ left: peer may send │ arriving │ held: by the consumer │ owed │
 *            │ reserve ───────▶ │ deliver ─▶ │ consume ────────▶ │
 *            ◀──────────────── window update, once owed ≥ sizeBytes / 2 ─┘
 *
 * Bytes only move to the right, and come back only by a window update: that bounds what a stream
 * can make this process hold.
 */
export class ReceiveWindow {
  readonly sizeBytes: number
  private left: number
  private held = 0
  private owed = 0

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
    this.left = sizeBytes
  }

  /** Bytes that were delivered and not yet consumed. */
  get heldBytes(): number {
    return this.held
  }

  /** A frame announces `byteCount`; false when the peer had no right to send that much. */
  reserve(byteCount: number): boolean {
    if (byteCount > this.left) return false
    this.left -= byteCount
    return true
  }

  /** Bytes that were reserved are handed to the consumer. */
  deliver(byteCount: number): void {
    this.held += byteCount
  }

  /** The consumer is done with bytes. Returns the credit to send to the peer now, mostly 0. */
  consume(byteCount: number): number {
    assert(byteCount <= this.held, 'only delivered bytes are consumed')
    this.held -= byteCount
    this.owed += byteCount
    if (this.owed * 2 < this.sizeBytes) return 0
    const credit = this.owed
    this.left += credit
    this.owed = 0
    return credit
  }
}
