import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { NODE_ID_BYTES_MAX } from './config.ts'
import type { Incarnation } from './incarnation.ts'

/** `dead` is what others concluded, `left` what the node itself said. Both are final. */
export type Standing = 'alive' | 'dead' | 'left'

/** What one node says that it knows of one node: a line of a digest. */
export interface Mention extends Incarnation {
  readonly id: string
  readonly standing: Standing
  /** How far the sender's copy reaches; 0 asks for everything. */
  readonly version: number
  /**
   * The highest heartbeat that the sender heard of, or 0 when it does not vouch that the node
   * lives: only a vouched mention makes a node known, so nobody brings back the dead from memory.
   */
  readonly heartbeat: number
}

/** The first byte of an item in a message says what it is; the low bits belong to the item. */
export const ITEM = { end: 0x00, mention: 0x10, section: 0x20, entry: 0x30 } as const
export const ITEM_MASK = 0xf0

const STANDINGS = ['alive', 'dead', 'left'] as const satisfies readonly Standing[]
const STANDING_MASK = 0x03

/** A tag with the standing in its low bits. */
export function mentionTag(item: number, mention: Mention): number {
  return item | STANDINGS.indexOf(mention.standing)
}

/** Writes what follows the tag. */
export function writeMention(writer: ByteWriter, mention: Mention): void {
  writer.text(mention.id)
  writer.varint(mention.generation)
  writer.varint(mention.life)
  writer.varint(mention.version)
  writer.varint(mention.heartbeat)
}

/** Reads what follows the tag; undefined when that is no mention. */
export function readMention(reader: ByteReader, tag: number): Mention | undefined {
  const standing = STANDINGS[tag & STANDING_MASK]
  const id = reader.text(NODE_ID_BYTES_MAX)
  const generation = reader.varint()
  const life = reader.varint()
  const version = reader.varint()
  const heartbeat = reader.varint()
  if (reader.failed || standing === undefined || id === '') return undefined
  return { id, generation, life, standing, version, heartbeat }
}
