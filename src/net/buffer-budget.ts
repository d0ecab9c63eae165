import type { HeldBudget } from '../yamux/config.ts'

/** Above this share of the budget, streams that hold much are given up. */
const PRESSURE = 0.75

/** What a stream may hold under pressure: one that flows holds less. */
const FAIR_BYTES = 64 * 1024

/**
 * Bytes that all sessions of a process hold for users who have not consumed them, and their bound:
 *
 *     0 ──────────── ¾ ──────────────── bytesMax
 *       all streams  │ up to FAIR_BYTES │ none may receive
 *
 * So those who take nothing lose their streams first, and those who flow go on.
 */
export class BufferBudget implements HeldBudget {
  private readonly bytesMax: number
  private held = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get heldBytes(): number {
    return this.held
  }

  hold(byteCount: number, streamBytes: number): boolean {
    this.held += byteCount
    if (this.held <= this.bytesMax * PRESSURE) return true
    return this.held <= this.bytesMax && streamBytes <= FAIR_BYTES
  }
}
