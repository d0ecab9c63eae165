import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * As much lies about at most. A collection takes a third of a millisecond; the less lies about, the
 * more of what is read next is in the processor's cache.
 */
const COLLECT_EVERY_BYTES = 4 * 1024 * 1024

type Collect = (options: { type: 'minor' }) => void

/**
 * The buffers that sockets were read into and that nobody needs any more. Each read fills a new
 * one outside of the JavaScript heap. The object that holds it is small, so V8 sees no reason to
 * collect the young ones; instead, whenever another 64 MiB have come together outside, it marks the
 * whole heap. Of a large transfer that is a third to a half of the CPU time.
 */
export class ReadGarbage {
  private readonly collect: Collect | undefined
  private byteCount = 0

  /** Without `collect` V8 does as it always does. */
  constructor(collect?: Collect) {
    this.collect = collect
  }

  /**
   * Has the young buffers collected before they pile up. For programs: it sets a flag of V8, which
   * is not for a library to do.
   */
  static collected(): ReadGarbage {
    setFlagsFromString('--expose-gc')
    return new ReadGarbage(runInNewContext('gc') as Collect)
  }

  /** Bytes of a buffer came or went, and will be garbage soon. */
  add(byteCount: number): void {
    this.byteCount += byteCount
    if (this.byteCount < COLLECT_EVERY_BYTES) return
    this.byteCount = 0
    this.collect?.({ type: 'minor' })
  }
}
