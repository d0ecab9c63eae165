/**
 * A fingerprint of everything that happened in a run, in order: the same seed must give the same
 * one on every machine. Two FNV-1a hashes of 32 bits with different primes, side by side.
 */
export class TraceHash {
  private low = 0x811c9dc5
  private high = 0x050c5d1f

  number(value: number): void {
    this.mix(Math.floor(value) >>> 0)
    this.mix(Math.floor((value % 1) * 2 ** 32) >>> 0)
  }

  text(value: string): void {
    for (let i = 0; i < value.length; i++) this.mix(value.charCodeAt(i))
    this.mix(0xffff)
  }

  /** A message begins with a checksum of the rest of it, which stands for the rest here. */
  message(bytes: Uint8Array): void {
    this.mix(bytes.length)
    for (let i = 0; i < 4; i++) this.mix(bytes[i] ?? 0)
  }

  toString(): string {
    return [this.high, this.low].map((half) => half.toString(16).padStart(8, '0')).join('')
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ value, 0x01000193) >>> 0
    this.high = Math.imul(this.high ^ value, 0x01000197) >>> 0
  }
}
