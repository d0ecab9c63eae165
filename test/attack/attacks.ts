import type { Attack } from './attack.ts'
import { hostileGossip } from './attacks/gossip.ts'
import { headerFlood, idleConnections, slowBodies, slowHeads } from './attacks/http.ts'
import {
  emptyMessages,
  oneByteFrames,
  oneByteMessages,
  pingFlood,
  synFlood,
  webSocketPings,
  windowUpdateFlood,
} from './attacks/tunnel.ts'

/** Everything that is tried on a node. */
export const ATTACKS: readonly Attack[] = [
  slowHeads,
  slowBodies,
  headerFlood,
  oneByteMessages,
  oneByteFrames,
  emptyMessages,
  webSocketPings,
  synFlood,
  pingFlood,
  windowUpdateFlood,
  idleConnections,
  hostileGossip,
]
