import { assert } from '../std/assert.ts'
import { isIpAddress, parseHostPort } from '../std/host-port.ts'

/** How a Gossiper behaves. Times are milliseconds; the defaults suit clusters up to 100 nodes. */
export interface GossipConfig {
  /** Where peers reach this node: an IP address and a port. Names are the shell's to resolve. */
  readonly address: string
  /** Orders the processes that ran under this id: the wall clock at the start of this one. */
  readonly generation: number
  /** What the operator wrote: addresses or names, handed to the shell again and again. */
  readonly join: readonly string[]

  readonly intervalMs: number
  /** Exchanges per interval, spread over it: two halve the way to everybody. */
  readonly exchangesPerInterval: number
  /** What leaves the shell is never larger than this, sealing included. */
  readonly packetBytesMax: number
  /** What sealing adds to a packet: nonce, tag, key id. */
  readonly packetOverheadBytes: number
  /** A difference that takes more packets than this waits for the next exchange. */
  readonly packetsPerAnswerMax: number
  /** A peer that is this many versions ahead is asked over a stream instead. */
  readonly syncVersionsMin: number
  readonly syncTimeoutMs: number
  readonly syncBytesMax: number

  /** Silence after which a peer is unreachable, when its heartbeats used to come steadily. */
  readonly unreachableAfterMinMs: number
  /** The same for a peer whose heartbeats used to come haltingly. */
  readonly unreachableAfterMaxMs: number
  /** How long an unreachable or left node stays visible before it is forgotten. */
  readonly forgetAfterMs: number
  /** How long it stays known that an incarnation is over. */
  readonly tombstoneMs: number
  /** How long a deleted key is remembered as deleted. A peer further behind gets a snapshot. */
  readonly deletedKeyMs: number
  readonly rejoinIntervalMs: number
}

export const DEFAULT_GOSSIP = {
  intervalMs: 100,
  exchangesPerInterval: 2,
  packetBytesMax: 1_400,
  packetOverheadBytes: 0,
  packetsPerAnswerMax: 4,
  syncVersionsMin: 2_000,
  syncTimeoutMs: 3_000,
  syncBytesMax: 16 * 1_024 * 1_024,
  unreachableAfterMinMs: 4_000,
  unreachableAfterMaxMs: 10_000,
  forgetAfterMs: 60_000,
  tombstoneMs: 3_600_000,
  deletedKeyMs: 30_000,
  rejoinIntervalMs: 1_000,
} as const satisfies Partial<GossipConfig>

/** Bounds on what others can make this node hold: a part of the protocol, so all nodes agree. */
export const NODE_ID_BYTES_MAX = 128
export const KEY_BYTES_MAX = 512
export const VALUE_BYTES_MAX = 256
export const NODES_MAX = 1_024
export const TOMBSTONES_MAX = 2_048
/** Live and deleted keys of one node. */
export const ENTRIES_PER_NODE_MAX = 65_536

/** The largest packet that holds any one entry: a header, a mention, and the entry itself. */
const PACKET_BYTES_MIN = 1_100

/** Configuration is local: what cannot work is a mistake of the caller and asserts. */
export function checkGossipConfig(config: GossipConfig): void {
  const room = config.packetBytesMax - config.packetOverheadBytes
  assert(room >= PACKET_BYTES_MIN, `a packet needs room for ${PACKET_BYTES_MIN} bytes`)
  assert(isGossipAddress(config.address), 'the gossip address is an IP address and a port')
  assert(config.exchangesPerInterval >= 1 && config.intervalMs > 0, 'gossip needs an interval')
  assert(config.unreachableAfterMinMs <= config.unreachableAfterMaxMs, 'silence has a range')
}

/** Peers are told apart and dialed by this text alone, so it never holds a name to resolve. */
export function isGossipAddress(text: string): boolean {
  const parsed = parseHostPort(text)
  return parsed !== undefined && parsed.port > 0 && isIpAddress(parsed.host)
}
