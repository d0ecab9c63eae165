/** A slab holds the frames of many small requests; a larger turn leaves in several messages. */
const SLAB_BYTES = 64 * 1024
const FREE_SLABS_MAX = 64

/** Buffers that batches are assembled in, last used first: it is still in the processor's cache. */
export class SlabPool {
  private readonly free: Buffer[] = []

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  }

  /** Takes back a slab whose bytes have left the process. */
  release(slab: Buffer): void {
    if (this.free.length < FREE_SLABS_MAX) this.free.push(slab)
  }
}
