import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './config.ts'

/** One key of one node, as its owner wrote it last. A deletion is an entry too, for it travels. */
export interface Entry {
  readonly key: string
  /** Empty when `deleted`. */
  readonly value: string
  /** Position in the owner's history: each change of any key takes the next number, from 1 on. */
  readonly version: number
  readonly deleted: boolean
}

/** The gossip address of a node is its first entry, so whoever knows anything of it knows where. */
export const ADDRESS_KEY = '_address'

/** Writes what follows an entry's tag. Versions are small as steps from the entry before. */
export function writeEntry(writer: ByteWriter, entry: Entry, previousVersion: number): void {
  writer.varint(entry.version - previousVersion)
  writer.text(entry.key)
  if (!entry.deleted) writer.text(entry.value)
}

export function readEntry(reader: ByteReader, previousVersion: number, deleted: boolean): Entry {
  const version = previousVersion + reader.varint()
  const key = reader.text(KEY_BYTES_MAX)
  const value = deleted ? '' : reader.text(VALUE_BYTES_MAX)
  return { key, value, version, deleted }
}
