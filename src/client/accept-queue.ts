import type { PikoError } from './piko-error.ts'

/** What waits to be accepted, and can be turned away. */
interface Waiting {
  destroy(): void
}

interface Taker<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (reason: PikoError) => void
}

/** As many as an operating system lets wait at a listening socket. */
const WAITING_MAX = 1_024

/**
 * What came and nobody has taken yet, or who waits for what comes; never both.
 *
 *     push ──▶ [ waiting ] ──▶ iterate, takeAll        more than WAITING_MAX: turned away
 */
export class AcceptQueue<T extends Waiting> {
  private readonly waiting: T[] = []
  private readonly takers: Taker<T>[] = []
  private end: { readonly reason: PikoError | undefined } | undefined

  push(item: T): void {
    const taker = this.takers.shift()
    if (taker !== undefined) taker.resolve({ done: false, value: item })
    else if (this.end === undefined && this.waiting.length < WAITING_MAX) this.waiting.push(item)
    else item.destroy()
  }

  /** Forgets one that is over. */
  remove(item: T): void {
    const index = this.waiting.indexOf(item)
    if (index >= 0) this.waiting.splice(index, 1)
  }

  /** Empties the queue into the caller's hands. */
  takeAll(): T[] {
    return this.waiting.splice(0)
  }

  /** Ends those who wait; what nobody has taken is turned away. */
  close(): void {
    this.end ??= { reason: undefined }
    for (const item of this.waiting.splice(0)) item.destroy()
    for (const taker of this.takers.splice(0)) taker.resolve({ done: true, value: undefined })
  }

  /** The same with an error for those who wait; false when nobody does. */
  fail(reason: PikoError): boolean {
    const takers = this.takers.splice(0)
    this.end ??= { reason }
    this.close()
    for (const taker of takers) taker.reject(reason)
    return takers.length > 0
  }

  iterate(): AsyncIterator<T, undefined> {
    return {
      next: async () => this.next(),
      return: async () => ({ done: true, value: undefined }),
    }
  }

  private async next(): Promise<IteratorResult<T, undefined>> {
    const value = this.waiting.shift()
    if (value !== undefined) return { done: false, value }
    if (this.end?.reason !== undefined) throw this.end.reason
    if (this.end !== undefined) return { done: true, value: undefined }
    return new Promise((resolve, reject) => {
      this.takers.push({ resolve, reject })
    })
  }
}
