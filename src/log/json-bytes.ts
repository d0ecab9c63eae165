/** Room at first; lines of ordinary requests stay below it. */
const BYTES_MIN = 4_096

const BYTES_KEPT_MAX = 65_536

const SHORT_BYTES = 64

const QUOTE = 0x22
const DIGIT_0 = 0x30

/** For every ASCII character whether it stands for itself in a JSON string (RFC 8259 §7). */
const STANDS_FOR_ITSELF = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 0x20 && code !== QUOTE && code !== 0x5c && code !== 0x7f ? 1 : 0,
)

/**
 * A text of JSON that is written piece by piece, as bytes, over and over in the same buffer: for
 * what is logged with every request, where strings would cost more than the request.
 */
export class JsonBytes {
  private buffer = Buffer.allocUnsafeSlow(BYTES_MIN)
  private length = 0

  /** What was written. Good until the next call of anything. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  get byteLength(): number {
    return this.length
  }

  /** Begins anew. Room that only one text in a thousand needs is not kept. */
  clear(): void {
    this.length = 0
    if (this.buffer.length > BYTES_KEPT_MAX) this.buffer = Buffer.allocUnsafeSlow(BYTES_MIN)
  }

  /** JSON that is encoded already. */
  raw(piece: Uint8Array): void {
    this.makeRoom(piece.length)
    const { buffer } = this
    let at = this.length
    // For the short ones a loop beats the call of `set`.
    if (piece.length > SHORT_BYTES) buffer.set(piece, at)
    else for (let i = 0; i < piece.length; i++) buffer[at++] = piece[i] as number
    this.length += piece.length
  }

  /** A string, with its quotes. */
  string(text: string): void {
    this.makeRoom(text.length + 2)
    const { buffer } = this
    let at = this.length
    buffer[at++] = QUOTE
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (STANDS_FOR_ITSELF[code] !== 1) return this.escaped(text)
      buffer[at++] = code
    }
    buffer[at++] = QUOTE
    this.length = at
  }

  /** A number that is a whole one and not negative, in digits. */
  integer(value: number): void {
    if (value >= 10) this.integer(Math.floor(value / 10))
    this.makeRoom(1)
    this.buffer[this.length++] = DIGIT_0 + (value % 10)
  }

  private escaped(text: string): void {
    const json = JSON.stringify(text)
    this.makeRoom(3 * json.length)
    this.length += this.buffer.write(json, this.length)
  }

  private makeRoom(byteCount: number): void {
    const needed = this.length + byteCount
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(2 * needed)
    larger.set(this.bytes)
    this.buffer = larger
  }
}
