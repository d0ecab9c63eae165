import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { checksum } from './checksum.ts'
import {
  readSectionEntry,
  readSectionHead,
  toSection,
  writeSection,
  type Section,
  type SectionHead,
} from './delta.ts'
import { ITEM, ITEM_MASK, mentionTag, readMention, writeMention, type Mention } from './digest.ts'
import type { Entry } from './entry.ts'
import type { NodeState } from './node-state.ts'

/**
 * A message is a header and a row of items; a packet and a stream carry the same form.
 *
 *     checksum(4) format(1) kind(1) flags(1) proof(4) echo(4) │ mention … section entry … │ padding
 *
 *     ask         a digest of everything known          ──▶
 *     answer      what the asker lacks, and mentions     ◀──
 *                 of what the answerer lacks
 *     push        what the answerer lacks               ──▶
 */
export const KINDS = ['ask', 'answer', 'push', 'sync-ask', 'sync-answer', 'sync-push'] as const
export type MessageKind = (typeof KINDS)[number]

export interface Message {
  readonly kind: MessageKind
  /** Proves, sent back as `echo`, that the receiver gets what is sent to its address. */
  readonly proof: number
  readonly echo: number
  /** The mentions are all that the sender knows: what is missing here, it lacks. */
  readonly complete: boolean
  /** The receiver is too far behind for packets and should ask over a stream. */
  readonly syncAdvised: boolean
  readonly mentions: readonly Mention[]
  readonly sections: readonly Section[]
}

const FORMAT = 1
const HEADER_BYTES = 15
const CHECKED_FROM = 4
const FLAGS_POSITION = 6
const COMPLETE = 0x01
const SYNC_ADVISED = 0x02

/** Builds one message of at most `bytesMax` bytes, item by item. */
export class MessageWriter {
  private readonly writer: ByteWriter
  private flags = 0

  constructor(head: Pick<Message, 'kind' | 'proof' | 'echo'>, bytesMax: number) {
    this.writer = new ByteWriter(Math.max(bytesMax, HEADER_BYTES))
    this.writer.uint32(0)
    this.writer.byte(FORMAT)
    this.writer.byte(KINDS.indexOf(head.kind))
    this.writer.byte(0)
    this.writer.uint32(head.proof)
    this.writer.uint32(head.echo)
  }

  get isEmpty(): boolean {
    return this.writer.length === HEADER_BYTES
  }

  /** Whether the mention had room. */
  mention(mention: Mention): boolean {
    const mark = this.writer.length
    this.writer.byte(mentionTag(ITEM.mention, mention))
    writeMention(this.writer, mention)
    if (!this.writer.overflowed) return true
    this.writer.rewind(mark)
    return false
  }

  /** The version that the reader has afterwards; `readerVersion` when nothing had room. */
  section(mention: Mention, state: NodeState, readerVersion: number): number {
    return writeSection(this.writer, mention, state, readerVersion)
  }

  markComplete(): void {
    this.flags |= COMPLETE
  }

  adviseSync(): void {
    this.flags |= SYNC_ADVISED
  }

  pad(length: number): void {
    this.writer.pad(length)
  }

  finish(): Uint8Array {
    this.writer.patch(FLAGS_POSITION, this.flags)
    const bytes = this.writer.finish()
    const sum = checksum(bytes, CHECKED_FROM)
    for (let i = 0; i < CHECKED_FROM; i++) bytes[i] = sum >>> (24 - 8 * i)
    return bytes
  }
}

/** Any bytes are a message or undefined: decoding is total and keeps nothing. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const reader = new ByteReader(bytes)
  if (reader.uint32() !== checksum(bytes, CHECKED_FROM)) return undefined
  const format = reader.byte()
  const kind = KINDS[reader.byte()]
  const flags = reader.byte()
  const proof = reader.uint32()
  const echo = reader.uint32()
  if (reader.failed || format !== FORMAT || kind === undefined) return undefined
  const items = readItems(reader)
  if (items === undefined) return undefined
  const complete = (flags & COMPLETE) !== 0
  const syncAdvised = (flags & SYNC_ADVISED) !== 0
  return { kind, proof, echo, complete, syncAdvised, ...items }
}

type Items = Pick<Message, 'mentions' | 'sections'>

function readItems(reader: ByteReader): Items | undefined {
  const mentions: Mention[] = []
  const sections: Section[] = []
  let tag = reader.atEnd ? ITEM.end : reader.byte()
  while (tag !== ITEM.end) {
    if ((tag & ITEM_MASK) === ITEM.mention) {
      const mention = readMention(reader, tag)
      if (mention === undefined) return undefined
      mentions.push(mention)
      tag = nextTag(reader)
    } else if ((tag & ITEM_MASK) === ITEM.section) {
      const read = readSection(reader, tag)
      if (read === undefined) return undefined
      sections.push(read.section)
      tag = read.nextTag
    } else return undefined
  }
  return { mentions, sections }
}

function readSection(reader: ByteReader, tag: number): SectionRead | undefined {
  const head: SectionHead | undefined = readSectionHead(reader, tag)
  if (head === undefined) return undefined
  const entries: Entry[] = []
  let previous = head.from
  let next = nextTag(reader)
  while ((next & ITEM_MASK) === ITEM.entry) {
    const entry = readSectionEntry(reader, next, previous)
    if (entry === undefined) return undefined
    entries.push(entry)
    previous = entry.version
    next = nextTag(reader)
  }
  const section = toSection(head, entries)
  return section === undefined ? undefined : { section, nextTag: next }
}

interface SectionRead {
  readonly section: Section
  readonly nextTag: number
}

function nextTag(reader: ByteReader): number {
  return reader.atEnd ? ITEM.end : reader.byte()
}
