import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { ITEM, mentionTag, readMention, writeMention, type Mention } from './digest.ts'
import { readEntry, writeEntry, type Entry } from './entry.ts'
import type { NodeState, StateDelta } from './node-state.ts'

/** Changes of one node, as far as they had room, with the mention that says whose they are. */
export interface Section {
  readonly mention: Mention
  readonly delta: StateDelta
}

/** The section carries the sender's copy up to its end, which may lie beyond the last entry. */
const WHOLE = 0x04
const DELETED = 0x01

/**
 * Writes what changed in `state` after `readerVersion`, and returns the version that the reader
 * has afterwards: `readerVersion` itself when there was no room for anything.
 *
 *     tag+WHOLE? · mention · from · collected ·  tag · version step · key · value   (per entry)
 *
 * A reader that lacks forgotten deletions needs the changes from zero, at least up to the last
 * forgotten one, in one piece; when a packet cannot hold that, nothing is written.
 */
export function writeSection(
  writer: ByteWriter,
  mention: Mention,
  state: NodeState,
  readerVersion: number,
): number {
  const isSnapshot = readerVersion < state.collected
  const from = isSnapshot ? 0 : readerVersion
  const start = writer.length
  const tag = mentionTag(ITEM.section, mention)
  writer.byte(tag | WHOLE)
  writeMention(writer, mention)
  writer.varint(from)
  writer.varint(state.collected)
  const reached = writeEntries(writer, state, from)
  if (reached === undefined) return mention.version
  if (reached === from || (isSnapshot && reached < state.collected)) {
    writer.rewind(start)
    return readerVersion
  }
  writer.patch(start, tag)
  return reached
}

/** The version of the last entry that had room; undefined when all had. */
function writeEntries(writer: ByteWriter, state: NodeState, from: number): number | undefined {
  if (writer.overflowed) return from
  let previous = from
  for (const entry of state.after(from)) {
    const mark = writer.length
    writer.byte(ITEM.entry | (entry.deleted ? DELETED : 0))
    writeEntry(writer, entry, previous)
    if (writer.overflowed) {
      writer.rewind(mark)
      return previous
    }
    previous = entry.version
  }
  return undefined
}

/** What a section says before its entries. */
export interface SectionHead {
  readonly mention: Mention
  readonly whole: boolean
  readonly from: number
  readonly collected: number
}

export function readSectionHead(reader: ByteReader, tag: number): SectionHead | undefined {
  const mention = readMention(reader, tag)
  const from = reader.varint()
  const collected = reader.varint()
  if (reader.failed || mention === undefined) return undefined
  return { mention, whole: (tag & WHOLE) !== 0, from, collected }
}

/** Reads one entry behind its tag; undefined when its version does not grow or it has no key. */
export function readSectionEntry(
  reader: ByteReader,
  tag: number,
  previousVersion: number,
): Entry | undefined {
  const entry = readEntry(reader, previousVersion, (tag & DELETED) !== 0)
  const isSound = !reader.failed && entry.key !== '' && entry.version > previousVersion
  return isSound && entry.version <= Number.MAX_SAFE_INTEGER ? entry : undefined
}

/** Puts a section together; undefined when its ends contradict its entries. */
export function toSection(head: SectionHead, entries: readonly Entry[]): Section | undefined {
  const { mention, from, collected } = head
  const reached = entries.at(-1)?.version ?? from
  const to = head.whole ? mention.version : reached
  if (to < reached || to > mention.version || collected > mention.version) return undefined
  return { mention, delta: { from, to, collected, entries } }
}
