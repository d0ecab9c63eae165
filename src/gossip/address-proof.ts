import type { Random } from '../std/prng.ts'

/**
 * Numbers that only the owner of an address can send back, so that nobody makes this node flood
 * somebody else (the source of a datagram is only a claim), and that grow old, so that a packet
 * overheard long ago proves nothing. Nothing is stored per address: the number is a keyed hash of
 * it and of the epoch, SipHash-2-4 folded to 32 bits. 0 stands for "none".
 *
 *     epoch      │     6     │     7     │     8     │
 *     issued in 6 ├──────── accepted ────┤
 */
export class AddressProof {
  private readonly key: Uint32Array
  private readonly epochMs: number

  /** `random` should be unpredictable outside of tests: the key comes from it. */
  constructor(random: Random, epochMs: number) {
    this.key = Uint32Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32))
    this.epochMs = epochMs
  }

  issue(address: string, time: number): number {
    return this.hash(address, this.epochAt(time))
  }

  accepts(address: string, echo: number, time: number): boolean {
    if (echo === 0) return false
    const epoch = this.epochAt(time)
    return echo === this.hash(address, epoch) || echo === this.hash(address, epoch - 1)
  }

  private epochAt(time: number): number {
    return Math.floor(time / this.epochMs)
  }

  private hash(address: string, epoch: number): number {
    const hash = new SipHash(this.key)
    hash.update(`${epoch} ${address}`)
    const folded = hash.finish()
    return folded === 0 ? 1 : folded
  }
}

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) on halves of 32 bits: words 2i and 2i + 1 of `state`
 * are the low and the high half of v_i.
 */
class SipHash {
  private readonly state: Uint32Array

  constructor(key: Uint32Array) {
    const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = key
    this.state = Uint32Array.of(
      k0 ^ 0x70736575,
      k1 ^ 0x736f6d65,
      k2 ^ 0x6e646f6d,
      k3 ^ 0x646f7261,
      k0 ^ 0x6e657261,
      k1 ^ 0x6c796765,
      k2 ^ 0x79746573,
      k3 ^ 0x74656462,
    )
  }

  /** Takes the UTF-16 code units of `text`, four per block, and in a last block their number. */
  update(text: string): void {
    for (let i = 0; i < text.length; i += 4) {
      this.block(pairOfUnits(text, i), pairOfUnits(text, i + 2))
    }
    this.block(0, text.length)
  }

  finish(): number {
    const { state } = this
    state[4] = word(state, 4) ^ 0xff
    for (let i = 0; i < 4; i++) this.round()
    return state.reduce((folded, half) => folded ^ half, 0) >>> 0
  }

  private block(low: number, high: number): void {
    const { state } = this
    state[6] = word(state, 6) ^ low
    state[7] = word(state, 7) ^ high
    this.round()
    this.round()
    state[0] = word(state, 0) ^ low
    state[1] = word(state, 1) ^ high
  }

  private round(): void {
    this.mix(0, 2, 13)
    this.rotate(0, 32)
    this.mix(4, 6, 16)
    this.mix(0, 6, 21)
    this.mix(4, 2, 17)
    this.rotate(4, 32)
  }

  /** a += b; b = rotate(b, bits); b ^= a */
  private mix(a: number, b: number, bits: number): void {
    const { state } = this
    const low = word(state, a) + word(state, b)
    state[a + 1] = word(state, a + 1) + word(state, b + 1) + (low > 0xffffffff ? 1 : 0)
    state[a] = low
    this.rotate(b, bits)
    state[b] = word(state, b) ^ word(state, a)
    state[b + 1] = word(state, b + 1) ^ word(state, a + 1)
  }

  private rotate(v: number, bits: number): void {
    const { state } = this
    const low = word(state, v)
    const high = word(state, v + 1)
    const isSwap = bits === 32
    state[v] = isSwap ? high : (low << bits) | (high >>> (32 - bits))
    state[v + 1] = isSwap ? low : (high << bits) | (low >>> (32 - bits))
  }
}

function word(state: Uint32Array, index: number): number {
  return state[index] as number
}

function pairOfUnits(text: string, index: number): number {
  const first = index < text.length ? text.charCodeAt(index) : 0
  const second = index + 1 < text.length ? text.charCodeAt(index + 1) : 0
  return ((second << 16) | first) >>> 0
}
