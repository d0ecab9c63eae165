import type { Random } from '../../src/std/prng.ts'
import type { EventQueue } from './event-queue.ts'

/** How a link treats packets; every link of a network has the same until it is overridden. */
export interface LinkQuality {
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number
  readonly duplication: number
  /** Share of packets that are held back long enough for later ones to overtake. */
  readonly reordering: number
  readonly latencyMs: number
  readonly jitterMs: number
}

export const CLEAN_LINK: LinkQuality = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  latencyMs: 1,
  jitterMs: 1,
}

/** What hears at an address. A message of a stream may be answered on that stream. */
export interface Receiver {
  packet(from: string, bytes: Uint8Array): void
  stream(bytes: Uint8Array, answer: (bytes: Uint8Array) => void): void
}

export interface NetworkWatch {
  sent(from: string, to: string, bytes: Uint8Array): void
  delivered(from: string, to: string, bytes: Uint8Array): void
  streamed(from: string, to: string, bytes: Uint8Array): void
}

const HELD_BACK_MS = 400
const STREAM_BYTES_PER_MS = 20_000

/**
 * Packets and streams between addresses, in virtual time, with everything that networks do to
 * them. Links are directed: a one-way partition blocks only one direction.
 */
export class Network {
  readonly counts = {
    packets: 0,
    bytes: 0,
    streamBytes: 0,
    lost: 0,
    duplicated: 0,
    heldBack: 0,
    tooLarge: 0,
  }
  private readonly queue: EventQueue
  private readonly random: Random
  private readonly watch: NetworkWatch
  private readonly receivers = new Map<string, Receiver>()
  private readonly blocked = new Set<string>()
  private readonly overrides = new Map<string, LinkQuality>()
  private readonly mtuBytes: number
  private quality = CLEAN_LINK

  constructor(queue: EventQueue, random: Random, watch: NetworkWatch, mtuBytes: number) {
    this.queue = queue
    this.random = random
    this.watch = watch
    this.mtuBytes = mtuBytes
  }

  attach(address: string, receiver: Receiver): void {
    this.receivers.set(address, receiver)
  }

  detach(address: string): void {
    this.receivers.delete(address)
  }

  setQuality(quality: LinkQuality): void {
    this.quality = quality
  }

  setLink(from: string, to: string, quality: LinkQuality): void {
    this.overrides.set(linkName(from, to), quality)
  }

  block(from: string, to: string): void {
    this.blocked.add(linkName(from, to))
  }

  unblock(from: string, to: string): void {
    this.blocked.delete(linkName(from, to))
  }

  /** Clean links everywhere, nothing blocked. */
  heal(): void {
    this.blocked.clear()
    this.overrides.clear()
    this.quality = CLEAN_LINK
  }

  isBlocked(from: string, to: string): boolean {
    return this.blocked.has(linkName(from, to))
  }

  send(from: string, to: string, bytes: Uint8Array): void {
    this.counts.packets += 1
    this.counts.bytes += bytes.length
    this.watch.sent(from, to, bytes)
    const quality = this.qualityOf(from, to)
    if (bytes.length > this.mtuBytes) this.counts.tooLarge += 1
    else if (this.isBlocked(from, to) || this.random() < quality.loss) this.counts.lost += 1
    else {
      this.deliver(from, to, bytes)
      if (this.random() >= quality.duplication) return
      this.counts.duplicated += 1
      this.deliver(from, to, bytes)
    }
  }

  /** A packet that `from` need not have sent: somebody on the way writes what he likes on it. */
  inject(from: string, to: string, bytes: Uint8Array): void {
    this.deliver(from, to, bytes)
  }

  /** Opens a stream with one message; answers go back and forth on it until a side is silent. */
  stream(from: string, to: string, bytes: Uint8Array): void {
    if (this.isStreamCut(from, to)) return
    // A stream repairs loss and pays for it in round trips; the first two open it.
    const { latencyMs, loss } = this.qualityOf(from, to)
    const delayMs = (3 * latencyMs) / (1 - Math.min(0.9, loss)) + bytes.length / STREAM_BYTES_PER_MS
    this.queue.schedule(delayMs, () => {
      if (this.isStreamCut(from, to)) return
      this.counts.streamBytes += bytes.length
      this.watch.streamed(from, to, bytes)
      this.receivers.get(to)?.stream(bytes, (answer) => this.stream(to, from, answer))
    })
  }

  private isStreamCut(from: string, to: string): boolean {
    return this.isBlocked(from, to) || this.isBlocked(to, from)
  }

  private deliver(from: string, to: string, bytes: Uint8Array): void {
    const quality = this.qualityOf(from, to)
    let delayMs = quality.latencyMs + this.random() * quality.jitterMs
    if (this.random() < quality.reordering) {
      this.counts.heldBack += 1
      delayMs += this.random() * HELD_BACK_MS
    }
    this.queue.schedule(delayMs, () => {
      this.watch.delivered(from, to, bytes)
      this.receivers.get(to)?.packet(from, bytes)
    })
  }

  private qualityOf(from: string, to: string): LinkQuality {
    return this.overrides.get(linkName(from, to)) ?? this.quality
  }
}

function linkName(from: string, to: string): string {
  return `${from}>${to}`
}
