import { assert } from '../std/assert.ts'
import { ENTRIES_PER_NODE_MAX } from './config.ts'
import type { Entry } from './entry.ts'

/** What a peer sends of one node: everything that changed in `(from, to]`, oldest first. */
export interface StateDelta {
  readonly from: number
  readonly to: number
  /** Deletions up to here are forgotten, so only a reader beyond it, or from zero, can use this. */
  readonly collected: number
  readonly entries: readonly Entry[]
}

/**
 * The versioned keys of one node: the owner's, or a copy at some peer.
 *
 *     log    [ a·1 ][ b·2 ][ a·3 ][ c·4 ][ b̶·5 ]      b̶: deleted
 *               ✗      ✗                              superseded: no longer what the key map holds
 *     keys   a → a·3    b → b̶·5    c → c·4
 *
 *     collected = 5 forgets b altogether; a copy at version 2 can then no longer be brought
 *     forward step by step (it would keep b) and is replaced by a snapshot.
 *
 * A copy at version v holds every key whose last change was at or before v.
 */
export class NodeState {
  private readonly keys = new Map<string, Entry>()
  private log: Entry[] = []
  private lastVersion = 0
  private collectedVersion = 0
  private liveCount = 0

  get version(): number {
    return this.lastVersion
  }

  get collected(): number {
    return this.collectedVersion
  }

  /** Keys, deleted ones included. */
  get size(): number {
    return this.keys.size
  }

  /** Keys that are not deleted. */
  get liveSize(): number {
    return this.liveCount
  }

  get(key: string): string | undefined {
    const entry = this.keys.get(key)
    return entry === undefined || entry.deleted ? undefined : entry.value
  }

  /** All entries, deleted ones included, in no particular order. */
  entries(): Iterable<Entry> {
    return this.keys.values()
  }

  /** The owner's change of one key; undefined when it changes nothing. */
  upsert(key: string, value: string): Entry | undefined {
    if (this.get(key) === value) return undefined
    return this.put({ key, value, version: this.lastVersion + 1, deleted: false })
  }

  /** The owner's deletion of one key; undefined when there is none. */
  delete(key: string): Entry | undefined {
    if (this.get(key) === undefined) return undefined
    return this.put({ key, value: '', version: this.lastVersion + 1, deleted: true })
  }

  /** Forgets the deletions up to and including `version`. No version moves. */
  collect(version: number): void {
    assert(version <= this.lastVersion, 'only the past can be forgotten')
    if (version <= this.collectedVersion) return
    const start = this.indexAfter(this.collectedVersion)
    this.collectedVersion = version
    for (let i = start; i < this.log.length; i++) {
      const entry = this.log[i] as Entry
      if (entry.version > version) break
      if (entry.deleted && this.keys.get(entry.key) === entry) this.keys.delete(entry.key)
    }
    this.trimLog()
  }

  /** What changed after `version`, oldest first. */
  *after(version: number): Generator<Entry> {
    for (let i = this.indexAfter(version); i < this.log.length; i++) {
      const entry = this.log[i] as Entry
      if (this.keys.get(entry.key) === entry) yield entry
    }
  }

  /**
   * Brings a copy forward. Returns the entries that changed, none when the delta does not fit on
   * what is held: it is old news, or it starts beyond a gap.
   */
  apply(delta: StateDelta): readonly Entry[] {
    if (delta.to <= this.lastVersion || delta.from > this.lastVersion) return []
    if (this.lastVersion < delta.collected) return this.replace(delta)
    const changed = this.applyEntries(delta)
    this.collect(Math.min(delta.collected, this.lastVersion))
    return changed
  }

  private applyEntries(delta: StateDelta): Entry[] {
    const changed: Entry[] = []
    for (const entry of delta.entries) {
      if (entry.version <= this.lastVersion) continue
      if (this.keys.size >= ENTRIES_PER_NODE_MAX && !this.keys.has(entry.key)) return changed
      const before = this.get(entry.key)
      this.put(entry)
      if (before !== this.get(entry.key)) changed.push(entry)
    }
    this.lastVersion = delta.to
    return changed
  }

  /** Takes a snapshot in place of a copy that is too old; keys missing in it are gone. */
  private replace(delta: StateDelta): readonly Entry[] {
    const isSnapshot = delta.from === 0 && delta.to >= delta.collected
    if (!isSnapshot || delta.entries.length > ENTRIES_PER_NODE_MAX) return []
    const kept = new Set(delta.entries.map((entry) => entry.key))
    const gone = [...this.keys.values()].filter((entry) => !kept.has(entry.key))
    for (const { key } of gone) this.drop(key)
    const changed: Entry[] = gone
      .filter((entry) => !entry.deleted)
      .map(({ key, version }) => ({ key, value: '', version, deleted: true }))
    for (const entry of delta.entries) {
      const before = this.get(entry.key)
      this.put(entry)
      if (before !== this.get(entry.key)) changed.push(entry)
    }
    this.lastVersion = delta.to
    this.collectedVersion = delta.collected
    this.rebuildLog()
    return changed
  }

  private put(entry: Entry): Entry {
    const before = this.keys.get(entry.key)
    this.liveCount += Number(!entry.deleted) - Number(before !== undefined && !before.deleted)
    this.keys.set(entry.key, entry)
    this.log.push(entry)
    this.lastVersion = entry.version
    this.trimLog()
    return entry
  }

  private drop(key: string): void {
    const before = this.keys.get(key)
    if (before === undefined) return
    if (!before.deleted) this.liveCount -= 1
    this.keys.delete(key)
  }

  /** Superseded slots may take as much room as the rest, then they go: one in, one out. */
  private trimLog(): void {
    if (this.log.length > 2 * this.keys.size + 16) this.rebuildLog()
  }

  private rebuildLog(): void {
    this.log = [...this.keys.values()].sort((left, right) => left.version - right.version)
  }

  /** Index of the first log slot beyond `version`. */
  private indexAfter(version: number): number {
    let low = 0
    let high = this.log.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.log[middle] as Entry).version <= version) low = middle + 1
      else high = middle
    }
    return low
  }
}
