import { MessageWriter, type Message } from './codec.ts'
import type { Mention } from './digest.ts'
import type { NodeState } from './node-state.ts'

export interface RowBounds {
  readonly bytesMax: number
  readonly packetsMax: number
}

/**
 * One message spread over packets, each of which can be used without the others:
 *
 *     [ header │ mentions │ a·1 a·2 ] [ header │ a·3 a·4 b·1 ] [ header │ b·2 ]
 *
 * A section that was cut goes on in the next packet from where it was cut; when the first of the
 * two is lost, the second starts beyond a gap and waits for the next exchange.
 */
export class PacketRow {
  private readonly head: Pick<Message, 'kind' | 'proof' | 'echo'>
  private readonly bounds: RowBounds
  private readonly done: MessageWriter[] = []
  private open: MessageWriter
  private isSyncAdvised = false

  constructor(head: Pick<Message, 'kind' | 'proof' | 'echo'>, bounds: RowBounds) {
    this.head = head
    this.bounds = bounds
    this.open = new MessageWriter(head, bounds.bytesMax)
  }

  /** Whether the mention had room in the row. */
  mention(mention: Mention): boolean {
    return this.open.mention(mention) || (this.turnPage() && this.open.mention(mention))
  }

  /**
   * Writes as much of what the reader lacks as has room; whether that was all of it. A snapshot
   * comes whole or not at all, and when it has no room the reader is told to ask over a stream.
   */
  section(mention: Mention, state: NodeState, readerVersion: number): boolean {
    let reached = readerVersion
    while (true) {
      reached = this.open.section(mention, state, reached)
      if (reached >= state.version) return true
      if (!this.open.isEmpty && this.turnPage()) continue
      if (reached < state.collected) this.adviseSync()
      return false
    }
  }

  /** The packets, of which the first is there even when nothing was written. */
  finish(): Uint8Array[] {
    return [...this.done, this.open].map((page) => page.finish())
  }

  /** Whether there is nothing to say, not even that a stream is needed. */
  get isEmpty(): boolean {
    return this.done.length === 0 && this.open.isEmpty && !this.isSyncAdvised
  }

  private adviseSync(): void {
    this.isSyncAdvised = true
    this.open.adviseSync()
  }

  private turnPage(): boolean {
    if (this.done.length + 1 >= this.bounds.packetsMax) return false
    this.done.push(this.open)
    this.open = new MessageWriter(this.head, this.bounds.bytesMax)
    return true
  }
}
