import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** As much lies about at most; a collection takes half a millisecond. */
const COLLECT_EVERY_BYTES = 16 * 1024 * 1024

type Collect = (options: { type: 'minor' }) => void

let collect: Collect | undefined
let byteCount = 0

/**
 * Has the buffers that sockets read into collected before they pile up; `readInto` counts them.
 *
 * Each read fills a new buffer outside of the JavaScript heap. The object that holds it is small,
 * so V8 sees no reason to collect the young ones; instead, whenever another 64 MiB have come
 * together outside, it marks the whole heap. Of a large transfer that is a third to a half of the
 * CPU time.
 *
 * For programs: it sets a flag of V8, which is not for a library to do.
 */
export function collectReadBuffers(): void {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as Collect
}

/** A buffer with so many bytes was read, and will be garbage soon. */
export function readInto(length: number): void {
  byteCount += length
  if (byteCount < COLLECT_EVERY_BYTES) return
  byteCount = 0
  collect?.({ type: 'minor' })
}
