import { Buffer } from 'node:buffer'
import type { WebSocketRole } from '../../src/net/websocket-frame.ts'

/** What comes out of frames: payload in one string of bytes, everything else in order. */
export interface DecodedFrames {
  readonly payload: number[]
  readonly events: string[]
}

/** The slow oracle: all bytes at hand, one frame after the other, the rules in RFC 6455's order. */
export function decodeNaively(
  bytes: Uint8Array,
  role: WebSocketRole,
  messageBytesMax: number,
): DecodedFrames {
  const payload: number[] = []
  const events: string[] = []
  const result = { payload, events }
  let rest = [...bytes]
  let unfinished: number | undefined
  let messageBytes = 0
  while (rest.length >= 2) {
    const [first, second] = rest as [number, number]
    const opcode = first % 16
    const isFinal = first >= 128
    const isMasked = second >= 128
    const isControl = opcode >= 8
    const fail = (code: number): DecodedFrames => {
      events.push(`violation ${code}`)
      return result
    }
    if ((first & 0b0111_0000) !== 0) return fail(1002)
    if (isMasked !== (role === 'server')) return fail(1002)
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) return fail(1002)
    if (opcode === 0 && unfinished === undefined) return fail(1002)
    if ((opcode === 1 || opcode === 2) && unfinished !== undefined) return fail(1002)
    if (opcode === 1) return fail(1003)
    if (isControl && (!isFinal || second % 128 > 125)) return fail(1002)

    const extended = second % 128 === 126 ? 2 : second % 128 === 127 ? 8 : 0
    if (extended === 8 && rest.length >= 6) {
      // The upper half of a long length decides before the lower has come.
      const upper = Buffer.from(rest.slice(2, 6)).readUInt32BE()
      if (upper >= 2 ** 31) return fail(1002)
      if (upper > 0) return fail(1009)
    }
    if (rest.length < 2 + extended) return result
    let length = second % 128
    if (extended > 0) {
      length = Number(`0x${Buffer.from(rest.slice(2, 2 + extended)).toString('hex')}`)
      if (length < (extended === 2 ? 126 : 65_536)) return fail(1002)
    }
    if (!isControl) {
      const total = length + (opcode === 0 ? (unfinished ?? 0) : 0)
      if (total > messageBytesMax) return fail(1009)
      unfinished = isFinal ? undefined : total
      messageBytes = total
    }
    const isEmptyMessage = !isControl && isFinal && messageBytes === 0
    const payloadAt = 2 + extended + (isMasked ? 4 : 0)
    if (rest.length < payloadAt) return result
    const mask = isMasked ? rest.slice(payloadAt - 4, payloadAt) : [0, 0, 0, 0]
    const body = rest
      .slice(payloadAt, payloadAt + length)
      .map((byte, i) => byte ^ (mask[i % 4] as number))
    if (!isControl) payload.push(...body)
    if (rest.length < payloadAt + length) return result
    if (isEmptyMessage) events.push('empty message')
    if (opcode === 9) events.push(`ping ${body.join(' ')}`)
    if (opcode === 8) {
      events.push(judgeClose(Buffer.from(body)))
      return result
    }
    rest = rest.slice(payloadAt + length)
  }
  return result
}

function judgeClose(body: Buffer): string {
  if (body.length === 0) return 'close 1005 '
  if (body.length === 1) return 'violation 1002'
  const code = body.readUInt16BE()
  const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
  if (!registered.includes(code) && (code < 3000 || code > 4999)) return 'violation 1002'
  const reason = body.subarray(2)
  return Buffer.from(reason.toString()).equals(reason)
    ? `close ${code} ${reason.toString()}`
    : 'violation 1007'
}
