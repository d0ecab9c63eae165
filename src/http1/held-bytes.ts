const EMPTY = new Uint8Array(0)

/**
 * Bytes that wait for the rest of their line or head, copied into one growing buffer: the chunks
 * they came in belong to somebody else, and byte by byte they would cost an object each.
 *
 *     buffer  [ held ──────── length ┊ room to double ]
 */
export class HeldBytes {
  buffer: Uint8Array = EMPTY
  length = 0

  append(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.length + end - start
    if (needed > this.buffer.length) this.grow(needed)
    this.buffer.set(bytes.subarray(start, end), this.length)
    this.length = needed
  }

  /** Forgets the bytes and their memory. */
  clear(): void {
    if (this.length === 0) return
    this.buffer = EMPTY
    this.length = 0
  }

  private grow(needed: number): void {
    const wider = new Uint8Array(Math.max(needed, 2 * this.buffer.length, 64))
    wider.set(this.buffer.subarray(0, this.length))
    this.buffer = wider
  }
}
