import type { FuzzTarget } from './fuzz-target.ts'
import { configFile, configFlags } from './targets/config.ts'
import { gossipCodec, gossipNode } from './targets/gossip.ts'
import { http1Body, http1Response } from './targets/http1-body.ts'
import { http1Head } from './targets/http1-head.ts'
import { jwks } from './targets/jwks.ts'
import { jwt } from './targets/jwt.ts'
import { websocket } from './targets/websocket.ts'
import { yamux } from './targets/yamux.ts'

/** Everything that strangers, or whoever writes a configuration, can feed to Piko. */
export const TARGETS: readonly FuzzTarget[] = [
  http1Head,
  http1Body,
  http1Response,
  websocket,
  yamux,
  gossipCodec,
  gossipNode,
  configFile,
  configFlags,
  jwt,
  jwks,
]
