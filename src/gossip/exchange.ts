import type { Random } from '../std/prng.ts'
import { randomBelow } from '../std/prng.ts'
import type { ClusterState } from './cluster-state.ts'
import { MessageWriter, type Message } from './codec.ts'
import type { GossipConfig } from './config.ts'
import type { Mention } from './digest.ts'
import { compareIncarnations } from './incarnation.ts'
import type { LocalNode } from './local-node.ts'
import { PacketRow, type RowBounds } from './packet-row.ts'
import type { Peer } from './peer.ts'
import type { Tombstone } from './tombstones.ts'

type Proofs = Pick<Message, 'proof' | 'echo'>

/** How long an end is told unasked. Later it is told only to those who do not know it. */
const OBITUARY_MS = 15_000

/**
 * Scuttlebutt reconciliation (van Renesse et al., 2008): what is written into the three messages
 * of an exchange. Reading them is ClusterState's work; this only compares and writes.
 *
 *     A                                          B
 *       ── ask: all that A knows, by version ──▶    compares
 *      ◀── answer: sections where B is ahead, ──    and mentions where A is
 *       ── push: sections where A is ahead ────▶
 *
 * An answer mentions only what the asker lacks or knows worse, which halves it.
 */
export class Exchange {
  private readonly cluster: ClusterState
  private readonly config: GossipConfig
  private readonly random: Random

  constructor(cluster: ClusterState, config: GossipConfig, random: Random) {
    this.cluster = cluster
    this.config = config
    this.random = random
  }

  /** A digest. To a stranger it is padded, because the answer may not be longer than it. */
  ask(proofs: Proofs, isStranger: boolean): Uint8Array {
    const room = this.packetRoom()
    const writer = new MessageWriter({ kind: 'ask', ...proofs }, room)
    this.writeDigest(writer)
    if (isStranger) writer.pad(room)
    return writer.finish()
  }

  /** The digest that opens a reconciliation over a stream: all of it, however long. */
  syncAsk(): Uint8Array {
    const writer = new MessageWriter(
      { kind: 'sync-ask', proof: 0, echo: 0 },
      this.config.syncBytesMax,
    )
    this.writeDigest(writer)
    for (const tombstone of this.cluster.tombstones.values()) {
      writer.mention(obituary(tombstone))
    }
    return writer.finish()
  }

  /** The answer to a digest; `bytesMax` bounds it for an asker whose address is not proven. */
  answer(proofs: Proofs, ask: Message, time: number, bytesMax: number): Uint8Array[] {
    const room = this.packetRoom()
    const isBounded = bytesMax !== Infinity
    const row = new PacketRow(
      { kind: 'answer', ...proofs },
      {
        bytesMax: Math.min(room, bytesMax),
        packetsMax: isBounded ? 1 : this.config.packetsPerAnswerMax,
      },
    )
    this.reconcile(row, ask, time)
    return row.finish()
  }

  /** What the answerer lacks; no packets when that is nothing. */
  push(proofs: Proofs, answer: Message): Uint8Array[] {
    const row = new PacketRow({ kind: 'push', ...proofs }, this.answerBounds())
    for (const mention of answer.mentions) this.writeMissing(row, mention)
    return row.isEmpty ? [] : row.finish()
  }

  syncAnswer(ask: Message, time: number): Uint8Array | undefined {
    const row = new PacketRow({ kind: 'sync-answer', proof: 0, echo: 0 }, this.streamBounds())
    this.reconcile(row, ask, time)
    return row.finish()[0]
  }

  syncPush(answer: Message): Uint8Array | undefined {
    const row = new PacketRow({ kind: 'sync-push', proof: 0, echo: 0 }, this.streamBounds())
    for (const mention of answer.mentions) this.writeMissing(row, mention)
    return row.isEmpty ? undefined : row.finish()[0]
  }

  /** Starts anywhere among the peers, so that a large cluster is covered over several packets. */
  private writeDigest(writer: MessageWriter): void {
    writer.mention(this.cluster.self.mention())
    const peers = [...this.cluster.peers()]
    const start = randomBelow(this.random, Math.max(1, peers.length))
    let isComplete = true
    for (let i = 0; i < peers.length && isComplete; i++) {
      const peer = peers[(start + i) % peers.length] as Peer
      isComplete = writer.mention(peer.mention())
    }
    if (isComplete) writer.markComplete()
  }

  private reconcile(row: PacketRow, ask: Message, time: number): void {
    const asked = latestById(ask.mentions)
    this.writeMentions(row, asked, time)
    for (const mention of asked.values()) this.writeMissing(row, mention)
    if (!ask.complete) return
    for (const node of this.nodes()) {
      if (!asked.has(node.id) && node.mention().heartbeat > 0) {
        row.section(node.mention(), node.state, 0)
      }
    }
  }

  private writeMentions(row: PacketRow, asked: ReadonlyMap<string, Mention>, time: number): void {
    for (const node of this.nodes()) {
      const theirs = asked.get(node.id)
      if (theirs === undefined || isWorthTelling(node.mention(), theirs))
        row.mention(node.mention())
    }
    for (const theirs of asked.values()) {
      const tombstone = this.cluster.tombstones.get(theirs.id)
      if (this.cluster.isNewcomer(theirs, time))
        row.mention({ ...theirs, version: 0, heartbeat: 0 })
      else if (tombstone !== undefined && this.cluster.tombstones.covers(theirs.id, theirs)) {
        if (theirs.standing === 'alive') row.mention(obituary(tombstone))
      }
    }
    for (const tombstone of this.cluster.tombstones.values()) {
      const isNews = time - tombstone.since < OBITUARY_MS
      if (isNews && !asked.has(tombstone.id)) row.mention(obituary(tombstone))
    }
  }

  private writeMissing(row: PacketRow, theirs: Mention): void {
    const ours = this.cluster.node(theirs.id)
    if (ours === undefined) return
    const mention = ours.mention()
    if (mention.standing !== 'alive' || compareIncarnations(theirs, mention) > 0) return
    const isCopy = theirs.standing === 'alive' && theirs.generation === mention.generation
    if (!isCopy && mention.heartbeat === 0) return
    const readerVersion = isCopy ? theirs.version : 0
    if (readerVersion < mention.version) row.section(mention, ours.state, readerVersion)
  }

  private *nodes(): Generator<LocalNode | Peer> {
    yield this.cluster.self
    yield* this.cluster.peers()
  }

  private packetRoom(): number {
    return this.config.packetBytesMax - this.config.packetOverheadBytes
  }

  private answerBounds(): RowBounds {
    return { bytesMax: this.packetRoom(), packetsMax: this.config.packetsPerAnswerMax }
  }

  private streamBounds(): RowBounds {
    return { bytesMax: this.config.syncBytesMax, packetsMax: 1 }
  }
}

/** A message may mention an ended incarnation beside the running one: the later counts. */
function latestById(mentions: readonly Mention[]): ReadonlyMap<string, Mention> {
  const latest = new Map<string, Mention>()
  for (const mention of mentions) {
    const other = latest.get(mention.id)
    if (other === undefined || compareIncarnations(mention, other) > 0) {
      latest.set(mention.id, mention)
    }
  }
  return latest
}

/** Whether our mention says anything that theirs does not, or asks for something that they have. */
function isWorthTelling(ours: Mention, theirs: Mention): boolean {
  if (ours.generation !== theirs.generation) return ours.generation > theirs.generation
  return (
    ours.heartbeat > theirs.heartbeat ||
    ours.version < theirs.version ||
    ours.life > theirs.life ||
    // Also how a leaving node learns that it was heard.
    ours.standing === 'left'
  )
}

/** The mention of one who is no more. */
function obituary({ id, generation, life, left }: Tombstone): Mention {
  return { id, generation, life, standing: left ? 'left' : 'dead', version: 0, heartbeat: 0 }
}
