import { EventEmitter, once } from 'node:events'
import { HEADROOM_BYTES } from '../../src/net/transport.ts'
import type { Transport, TransportHandler } from '../../src/net/transport.ts'

/** Uses a transport as a tunnel would, and writes down what it is told. */
export class TransportProbe implements TransportHandler {
  readonly transport: Transport
  received = Buffer.alloc(0)
  drainedCount = 0
  /** Everything that was called, in order; bytes once for all that came together. */
  readonly calls: string[] = []
  cause: Error | undefined
  private readonly events = new EventEmitter()

  constructor(transport: Transport) {
    this.transport = transport
    transport.start(this)
    this.calls.push('started')
  }

  bytes(chunk: Uint8Array): void {
    this.received = Buffer.concat([this.received, chunk])
    this.note('bytes')
  }

  drained(): void {
    this.drainedCount += 1
    this.note('drained')
  }

  transportClosed(cause: Error | undefined): void {
    this.cause = cause
    this.note('closed')
  }

  /** Sends `bytes` as one message, in the pieces that `cuts` make of it. */
  send(bytes: Uint8Array, cuts: readonly number[] = []): void {
    const first = Math.min(cuts[0] ?? bytes.length, bytes.length)
    const room = Buffer.alloc(HEADROOM_BYTES + first)
    room.set(bytes.subarray(0, first), HEADROOM_BYTES)
    const pieces: Uint8Array[] = [room.subarray(HEADROOM_BYTES)]
    // Copies, since a client's transport masks what it is given.
    for (let at = first, i = 1; at < bytes.length; i++) {
      const end = Math.min(cuts[i] ?? bytes.length, bytes.length)
      pieces.push(Uint8Array.from(bytes.subarray(at, end)))
      at = end
    }
    this.transport.send(pieces, bytes.length)
  }

  async receivedBytes(count: number): Promise<Buffer> {
    await this.until(() => this.received.length >= count)
    return this.received
  }

  async drainedOnce(): Promise<void> {
    await this.until(() => this.drainedCount > 0)
  }

  async closed(): Promise<Error | undefined> {
    await this.until(() => this.calls.includes('closed'))
    return this.cause
  }

  private note(call: string): void {
    if (call !== 'bytes' || this.calls.at(-1) !== 'bytes') this.calls.push(call)
    this.events.emit('call')
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.events, 'call')
  }
}
