import { assert } from './assert.ts'

/**
 * Bytes in the order in which they came, kept as the chunks that they came in: nothing is copied.
 *
 *     push →  [ chunk ][ chunk ][ chu ── offset ──▶ nk ]  → shift
 *              tail                                head
 */
export class ByteQueue {
  private chunks: Uint8Array[] = []
  /** Index of the oldest chunk; the slots before it are spent and dropped now and then. */
  private head = 0
  /** How much of the oldest chunk is gone already. */
  private offset = 0
  private length = 0

  get byteLength(): number {
    return this.length
  }

  /** Appends `bytes` by reference: the caller must not write to them afterwards. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.chunks.push(bytes)
    this.length += bytes.length
  }

  /** Removes and returns the next contiguous run, of `bytesMax` bytes at most. */
  shift(bytesMax: number): Uint8Array {
    assert(this.length > 0 && bytesMax > 0, 'shift needs bytes and room')
    const chunk = this.chunks[this.head] as Uint8Array
    const end = Math.min(chunk.length, this.offset + bytesMax)
    const run = chunk.subarray(this.offset, end)
    this.length -= run.length
    if (end === chunk.length) this.dropHead()
    else this.offset = end
    return run
  }

  clear(): void {
    this.chunks = []
    this.head = 0
    this.offset = 0
    this.length = 0
  }

  private dropHead(): void {
    this.offset = 0
    this.head += 1
    if (this.head === this.chunks.length) {
      this.chunks = []
      this.head = 0
    } else if (this.head >= 64) {
      this.chunks = this.chunks.slice(this.head)
      this.head = 0
    }
  }
}
