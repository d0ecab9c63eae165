import { FrameType, Flag, HEADER_BYTES, writeHeader } from '../../../src/yamux/frame.ts'
import { encodeRaw, OP } from '../../conformance/raw-frame.ts'
import type { Attack } from '../attack.ts'
import { sendStrangers } from '../strangers.ts'

const TUNNELS = 8
/** About what a node reads at once. */
const CHUNK_BYTES = 64 * 1024
const MASK = [1, 2, 3, 4] as const

const HANDSHAKE =
  'GET /piko/v1/upstream/strangers HTTP/1.1\r\nHost: a.b\r\nConnection: Upgrade\r\n' +
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n'

/** Tunnels on which the same bytes come for ever. */
function tunnelFlood(name: string, chunk: Uint8Array): Attack {
  return {
    name,
    begin: async ({ upstream }) =>
      sendStrangers({
        port: upstream,
        count: TUNNELS,
        opening: HANDSHAKE,
        listensFirst: true,
        chunk,
      }),
  }
}

function message(payload: Uint8Array): Uint8Array {
  return encodeRaw({ opcode: OP.binary, payload, mask: MASK })
}

/** As many copies of a WebSocket frame as fit. */
function repeated(one: Uint8Array): Uint8Array {
  return Buffer.concat(Array.from({ length: Math.floor(CHUNK_BYTES / one.length) }, () => one))
}

function frame(lead: number, streamId: number, length: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  writeHeader(bytes, 0, lead, streamId, length)
  return bytes
}

/** A message full of frames that differ in the ids of their streams only. */
function frames(lead: number, value: number): Uint8Array {
  const count = Math.floor(CHUNK_BYTES / HEADER_BYTES)
  return message(
    Buffer.concat(Array.from({ length: count }, (_, i) => frame(lead, 2 * i + 1, value))),
  )
}

const DATA = frame(FrameType.data, 9, CHUNK_BYTES)

/** Bytes of a stream that nobody knows, each in a message of its own. */
export const oneByteMessages = tunnelFlood(
  '1-byte messages',
  Buffer.concat(
    [...DATA, ...new Uint8Array(CHUNK_BYTES)].map((byte) => message(Uint8Array.of(byte))),
  ),
)

/** Bytes of a stream that nobody knows, each in a yamux frame of its own. */
export const oneByteFrames = tunnelFlood(
  '1-byte frames',
  message(repeated(Buffer.concat([frame(FrameType.data, 9, 1), Uint8Array.of(0)]))),
)

/** Messages with nothing in them. */
export const emptyMessages = tunnelFlood('empty messages', repeated(message(new Uint8Array())))

/** The WebSocket's own pings. */
export const webSocketPings = tunnelFlood(
  'WebSocket pings',
  repeated(encodeRaw({ opcode: OP.ping, payload: new Uint8Array(), mask: MASK })),
)

export const synFlood = tunnelFlood(
  'SYN flood',
  frames((FrameType.windowUpdate << 16) | Flag.syn, 0),
)

export const pingFlood = tunnelFlood(
  'Ping flood',
  message(repeated(frame((FrameType.ping << 16) | Flag.syn, 0, 7))),
)

export const windowUpdateFlood = tunnelFlood(
  'WindowUpdate flood',
  frames(FrameType.windowUpdate << 16, 1),
)
