import { assert } from '../std/assert.ts'
import { randomBelow, type Random } from '../std/prng.ts'
import {
  ENTRIES_PER_NODE_MAX,
  KEY_BYTES_MAX,
  NODE_ID_BYTES_MAX,
  VALUE_BYTES_MAX,
  type GossipConfig,
} from './config.ts'
import type { Mention } from './digest.ts'
import { ADDRESS_KEY } from './entry.ts'
import type { Incarnation } from './incarnation.ts'
import { NodeState } from './node-state.ts'
import { utf8Length } from './utf8.ts'

/** Beyond this a generation is no clock reading but nonsense, and there would be no next one. */
const GENERATION_MAX = 2 ** 52

/**
 * A process that overtakes a later one goes a random step beyond it: the one after next may have
 * to do the same and must not land on the same number with another history.
 */
const GENERATION_STEP_MAX = 1_000_000

/** Two processes under one id would take turns for ever: each turn waits twice as long. */
const REBIRTH_MIN_MS = 200
const REBIRTH_MAX_MS = 60_000

interface Deletion {
  readonly version: number
  readonly time: number
}

/**
 * This node as it tells of itself. Only the program changes its keys; what others say about it
 * can at most make it take its next incarnation, and that happens in its own time, at a tick.
 *
 *     heard of itself                                   answer
 *     "dead", this life                                 next life, same history
 *     "left" though it is here, or a later generation,  next generation, history from 1
 *     or changes that it never made
 */
export class LocalNode implements Incarnation {
  readonly id: string
  private readonly deletedKeyMs: number
  private readonly random: Random
  private current: NodeState
  private incarnation: Incarnation
  private beats = 1
  private departed = false
  private readonly deletions: Deletion[] = []
  private challenge: Incarnation | undefined
  private rebirthAfter = 0
  private rebirthDelayMs = REBIRTH_MIN_MS

  constructor(id: string, config: GossipConfig, random: Random) {
    assert(id !== '' && utf8Length(id) <= NODE_ID_BYTES_MAX, 'a node id is short and not empty')
    this.id = id
    this.random = random
    this.deletedKeyMs = config.deletedKeyMs
    this.incarnation = { generation: config.generation, life: 0 }
    this.current = new NodeState()
    this.current.upsert(ADDRESS_KEY, config.address)
  }

  get state(): NodeState {
    return this.current
  }

  get generation(): number {
    return this.incarnation.generation
  }

  get life(): number {
    return this.incarnation.life
  }

  get heartbeat(): number {
    return this.beats
  }

  get hasLeft(): boolean {
    return this.departed
  }

  /** False when this node carries as many keys as peers accept. */
  upsert(key: string, value: string): boolean {
    assert(key !== ADDRESS_KEY && key !== '', 'the key belongs to gossip itself')
    assert(utf8Length(key) <= KEY_BYTES_MAX, 'the key is too long')
    assert(utf8Length(value) <= VALUE_BYTES_MAX, 'the value is too long')
    const isNew = this.current.get(key) === undefined
    if (isNew && this.current.size >= ENTRIES_PER_NODE_MAX && !this.makeRoom()) return false
    this.current.upsert(key, value)
    return true
  }

  delete(key: string, time: number): void {
    assert(key !== ADDRESS_KEY, 'the key belongs to gossip itself')
    const entry = this.current.delete(key)
    if (entry !== undefined) this.deletions.push({ version: entry.version, time })
  }

  leave(): void {
    this.departed = true
  }

  beat(): void {
    this.beats += 1
  }

  mention(): Mention {
    const { id, generation, life, heartbeat } = this
    const standing = this.departed ? 'left' : 'alive'
    return { id, generation, life, heartbeat, standing, version: this.current.version }
  }

  /** Takes note of what a peer says about this node; nothing changes before `rebirth`. */
  hear(mention: Mention): void {
    const needed = this.neededAgainst(mention)
    if (needed === undefined || this.departed || needed.generation > GENERATION_MAX) return
    if (this.challenge === undefined || needed.generation >= this.challenge.generation) {
      this.challenge = needed
    }
  }

  /** Takes the next incarnation if one is needed and due; whether it did. */
  rebirth(time: number): boolean {
    if (time - this.rebirthAfter > REBIRTH_MAX_MS) this.rebirthDelayMs = REBIRTH_MIN_MS
    if (this.challenge === undefined || time < this.rebirthAfter) return false
    if (this.challenge.generation > this.generation) this.rewriteHistory()
    this.incarnation = this.challenge
    this.challenge = undefined
    this.rebirthAfter = time + this.rebirthDelayMs
    this.rebirthDelayMs = Math.min(REBIRTH_MAX_MS, this.rebirthDelayMs * 2)
    return true
  }

  /** Forgets deletions that every peer in touch has seen by now. */
  collect(time: number): void {
    const due = this.deletions.findIndex((deletion) => deletion.time > time - this.deletedKeyMs)
    this.collectFirst(due === -1 ? this.deletions.length : due)
  }

  private neededAgainst(seen: Mention): Incarnation | undefined {
    const { generation, life } = this
    if (seen.generation < generation) return undefined
    const isForeign =
      seen.generation > generation ||
      seen.standing === 'left' ||
      seen.life > life ||
      seen.version > this.current.version
    if (isForeign) {
      const step = 1 + randomBelow(this.random, GENERATION_STEP_MAX)
      return { generation: seen.generation + step, life: 0 }
    }
    const isCondemned = seen.standing === 'dead' && seen.life === life
    return isCondemned ? { generation, life: life + 1 } : undefined
  }

  /** The same keys as the start of a new history, the address first as ever. */
  private rewriteHistory(): void {
    const fresh = new NodeState()
    for (const { key, value, deleted } of this.current.entries()) {
      if (!deleted) fresh.upsert(key, value)
    }
    this.current = fresh
    this.deletions.length = 0
  }

  private makeRoom(): boolean {
    this.collectFirst(Math.ceil(this.deletions.length / 2))
    return this.current.size < ENTRIES_PER_NODE_MAX
  }

  private collectFirst(count: number): void {
    const last = this.deletions.splice(0, count).at(-1)
    if (last !== undefined) this.current.collect(last.version)
  }
}
