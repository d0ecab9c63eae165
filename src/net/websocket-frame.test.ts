import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRaw, OP, pattern } from '../../test/conformance/raw-frame.ts'
import { HEADROOM_BYTES } from './transport.ts'
import { closePayload } from './websocket-close.ts'
import { CloseCode } from './websocket-error.ts'
import { controlFrame, frameMessage } from './websocket-frame.ts'

const mask = fc.option(fc.integer({ min: 0, max: 0xff_ff_ff_ff }), { nil: undefined })
const edges = [0, 1, 125, 126, 127, 65_535, 65_536, 262_156].map((n) => fc.constant(n))
const length = fc.oneof(fc.nat(300), ...edges)

/** A piece with the room in front that senders leave. */
function withHeadroom(bytes: Uint8Array): Uint8Array {
  const room = Buffer.alloc(HEADROOM_BYTES + bytes.length)
  room.set(bytes, HEADROOM_BYTES)
  return room.subarray(HEADROOM_BYTES)
}

test('a message in pieces is one frame in the shortest form, as the slow oracle reads it', () => {
  fc.assert(
    fc.property(length, fc.nat(200), mask, (firstBytes, secondBytes, key) => {
      const [first, second] = [pattern(firstBytes), pattern(secondBytes)]
      const pieces = [withHeadroom(first), second.slice()]
      const sent = Buffer.concat(frameMessage(pieces, firstBytes + secondBytes, key))
      const decoded = decodeRaw(sent)
      expect(decoded?.frame).toMatchObject({ opcode: OP.binary, fin: true, rsv: 0 })
      expect(decoded?.frame.mask === undefined).toBe(key === undefined)
      expect(decoded?.minimal).toBe(true)
      expect(decoded?.rest.length).toBe(0)
      expect(Buffer.compare(decoded?.frame.payload ?? sent, Buffer.concat([first, second]))).toBe(0)
    }),
  )
})

test('without a mask the pieces are referenced and stay as they are', () => {
  const pieces = [withHeadroom(pattern(10)), pattern(70_000)]
  const framed = frameMessage(pieces, 70_010, undefined)
  expect(framed[0]?.buffer).toBe(pieces[0]?.buffer)
  expect(framed[1]).toBe(pieces[1])
  expect(pieces[1]).toEqual(pattern(70_000))
})

test('a message without headroom is a defect', () => {
  expect(() => frameMessage([new Uint8Array(3)], 3, undefined)).toThrow('headroom')
})

test('control frames are whole and short', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 125 }), mask, (payload, key) => {
      const decoded = decodeRaw(controlFrame(OP.pong, payload, key))
      expect(decoded?.frame).toMatchObject({ opcode: OP.pong, fin: true, rsv: 0 })
      expect(decoded?.frame.payload).toEqual(payload)
    }),
  )
  expect(() => controlFrame(OP.ping, pattern(126), undefined)).toThrow('short')
})

test('a close payload is the code, or nothing', () => {
  expect([...closePayload(1002)]).toEqual([3, 234])
  expect([...closePayload(CloseCode.noStatus)]).toEqual([])
})
