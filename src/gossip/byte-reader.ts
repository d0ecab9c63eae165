import { readUtf8 } from './utf8.ts'

/**
 * Reads bytes that a stranger may have written. It never throws: a read past the end, a number
 * that is too large or a text that is none sets `failed` and gives an empty value, and the caller
 * looks at `failed` once per item.
 */
export class ByteReader {
  private readonly bytes: Uint8Array
  private at = 0
  private broken = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get failed(): boolean {
    return this.broken
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length
  }

  byte(): number {
    if (this.at >= this.bytes.length) return this.fail()
    return this.bytes[this.at++] as number
  }

  /** 32 bits, big-endian. */
  uint32(): number {
    if (this.at + 4 > this.bytes.length) return this.fail()
    let value = 0
    for (let i = 0; i < 4; i++) value = (value << 8) | (this.bytes[this.at++] as number)
    return value >>> 0
  }

  /** A whole number up to 2^53 - 1; more is a failure, not a rounding. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : this.fail()
    }
    return this.fail()
  }

  /** A text of `bytesMax` bytes at most. */
  text(bytesMax: number): string {
    const length = this.varint()
    const end = this.at + length
    if (length > bytesMax || end > this.bytes.length) return this.failText()
    const text = readUtf8(this.bytes, this.at, end)
    this.at = end
    return text ?? this.failText()
  }

  private fail(): number {
    this.broken = true
    this.at = this.bytes.length
    return 0
  }

  private failText(): string {
    this.fail()
    return ''
  }
}
