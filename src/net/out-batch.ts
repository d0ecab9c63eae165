import { HEADER_BYTES, writeHeader } from '../yamux/frame.ts'
import type { SlabPool } from './slab-pool.ts'
import { HEADROOM_BYTES } from './transport.ts'
import type { Transport } from './transport.ts'

/** Payloads from here on are handed over by reference: copying costs more than a second iovec. */
const BY_REFERENCE_BYTES = 16 * 1024

/** A turn that wrote this much by reference leaves at once, so that the peer can start on it. */
const BATCH_BYTES_MAX = 256 * 1024

/**
 * The frames that a session writes in one turn of the event loop, as one message and one `write`:
 *
 *     turn:    frame   frame    frame     frame            end of turn
 *                │       │        │         │                   │
 *     slab:   [room│hdr pay│hdr│hdr pay│hdr─┐ ┌─│hdr pay│ … ]   ▼
 *     pieces:      └──────── run ───────────┘ │ └── run ──┘    send(pieces)
 *                                        payload ≥ 16 KiB
 *                                        by reference
 *
 * Small payloads are copied behind their header; large ones are referenced where the transport
 * does not overwrite them. The room in front is for the transport's own framing. The batch owns its
 * slab from the first frame to the flush. When the operating system took everything at once, which
 * is the rule, the slab goes back to the pool; else it stays with the write and is never used
 * again.
 */
export class OutBatch {
  private readonly transport: Transport
  private readonly slabs: SlabPool
  private slab: Buffer | undefined
  /** Where the slab's current run begins and ends; runs before it are among the pieces. */
  private runStart = 0
  private runEnd = 0
  private pieces: Uint8Array[] = []
  /** Gathered and not flushed yet. */
  byteLength = 0

  constructor(transport: Transport, slabs: SlabPool) {
    this.transport = transport
    this.slabs = slabs
  }

  /** Appends a frame that is only a header; `value` is its length field. */
  control(lead: number, streamId: number, value: number): void {
    const slab = this.slabWithRoom(HEADER_BYTES)
    writeHeader(slab, this.runEnd, lead, streamId, value)
    this.runEnd += HEADER_BYTES
    this.byteLength += HEADER_BYTES
  }

  /** Appends a frame with a payload. */
  data(lead: number, streamId: number, payload: Uint8Array): void {
    this.control(lead, streamId, payload.length)
    if (payload.length >= BY_REFERENCE_BYTES && !this.transport.overwrites) this.reference(payload)
    else this.copy(payload)
  }

  /** Hands everything to the transport. */
  flush(): void {
    if (this.slab === undefined) return
    this.closeRun()
    const { pieces, byteLength, slab } = this
    this.pieces = []
    this.byteLength = 0
    this.slab = undefined
    this.transport.send(pieces, byteLength)
    if (this.transport.bufferedBytes === 0) this.slabs.release(slab)
  }

  private reference(payload: Uint8Array): void {
    this.closeRun()
    this.pieces.push(payload)
    this.byteLength += payload.length
    if (this.byteLength >= BATCH_BYTES_MAX) this.flush()
  }

  private copy(payload: Uint8Array): void {
    let offset = 0
    while (offset < payload.length) {
      const slab = this.slabWithRoom(1)
      const count = Math.min(payload.length - offset, slab.length - this.runEnd)
      slab.set(
        count === payload.length ? payload : payload.subarray(offset, offset + count),
        this.runEnd,
      )
      this.runEnd += count
      this.byteLength += count
      offset += count
    }
  }

  /** The slab, with at least `byteCount` bytes free behind the run; a full one is flushed first. */
  private slabWithRoom(byteCount: number): Buffer {
    if (this.slab !== undefined && this.runEnd + byteCount > this.slab.length) this.flush()
    if (this.slab === undefined) {
      this.slab = this.slabs.take()
      this.runStart = HEADROOM_BYTES
      this.runEnd = HEADROOM_BYTES
    }
    return this.slab
  }

  private closeRun(): void {
    if (this.slab === undefined || this.runStart === this.runEnd) return
    this.pieces.push(this.slab.subarray(this.runStart, this.runEnd))
    this.runStart = this.runEnd
  }
}
