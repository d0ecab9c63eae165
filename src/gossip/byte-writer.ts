import { assert } from '../std/assert.ts'
import { utf8Length, writeUtf8 } from './utf8.ts'

/**
 * Writes into a growing buffer that never passes a limit. Whoever fills a packet writes one item,
 * looks at `overflowed`, and rewinds to the mark before it when there was no room:
 *
 *     ┌ header ┬ item ┬ item ┬ it…          limit
 *     └────────┴──────┴──────┴──────────────┤
 *                     ▲ mark                │ overflowed → rewind(mark): the item never was
 */
export class ByteWriter {
  private bytes: Uint8Array
  private readonly limit: number
  private at = 0
  private full = false

  constructor(limitBytes: number) {
    this.limit = limitBytes
    this.bytes = new Uint8Array(Math.min(limitBytes, 2_048))
  }

  get length(): number {
    return this.at
  }

  /** Something did not fit since the last rewind; the bytes are not to be used. */
  get overflowed(): boolean {
    return this.full
  }

  byte(value: number): void {
    if (this.room(1)) this.bytes[this.at++] = value
  }

  /** Overwrites one byte that was written before: a flag that is only known at the end. */
  patch(position: number, value: number): void {
    assert(position < this.at, 'only what is written can be patched')
    this.bytes[position] = value
  }

  /** 32 bits, big-endian. */
  uint32(value: number): void {
    if (!this.room(4)) return
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.at++] = (value >>> shift) & 0xff
  }

  /** A whole number up to 2^53 - 1 in groups of seven bits, smallest group first (LEB128). */
  varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  /** UTF-8 behind its length in bytes. */
  text(value: string): void {
    const length = utf8Length(value)
    this.varint(length)
    if (!this.room(length)) return
    writeUtf8(value, this.bytes, this.at)
    this.at += length
  }

  /** Zeros up to `length` bytes in all, or up to the limit. */
  pad(length: number): void {
    while (this.at < Math.min(length, this.limit)) this.byte(0)
  }

  rewind(mark: number): void {
    this.at = mark
    this.full = false
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    assert(!this.full, 'an overflowed writer has nothing to give')
    return this.bytes.slice(0, this.at)
  }

  private room(bytes: number): boolean {
    const needed = this.at + bytes
    if (this.full || needed > this.limit) {
      this.full = true
      return false
    }
    if (needed > this.bytes.length) this.grow(needed)
    return true
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.min(this.limit, Math.max(needed, this.bytes.length * 2)))
    larger.set(this.bytes)
    this.bytes = larger
  }
}
