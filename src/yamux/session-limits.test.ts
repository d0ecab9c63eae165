import { expect, test } from 'vitest'
import { frameOf, World, zeros } from '../../test/support/yamux-world.ts'
import { FLOOD_LIMITS } from './flood-guard.ts'
import { HEADER_BYTES } from './frame.ts'

// Limits, at the largest value that passes and one above.

test('limit: streams at once, for those of the peer and for one’s own', () => {
  const world = new World({ streamsMax: 2 })
  world.peer('WindowUpdate|SYN 1 0')
  const [own] = world.open()
  expect(world.session.canOpen).toBe(false)
  world.takeSent()
  world.peer('WindowUpdate|SYN 3 0')
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 3 0'])
  own.reset()
  world.peer('WindowUpdate|SYN 5 0')
  expect(world.takeSent()).toEqual(['WindowUpdate|ACK 5 0'])
})

test('limit: bytes that nobody consumes, over all streams; the one above it is reset', () => {
  const world = new World({ heldBytesMax: 1_000 })
  const [first] = world.openAcked()
  const [, second] = world.openAcked()
  world.peer(zeros(2, 600), zeros(4, 400))
  expect(second).toEqual(['data 400 bytes'])
  world.peer(zeros(4, 1))
  expect(second).toEqual(['data 400 bytes', 'held-too-much'])
  first.consumed(600)
  world.peer(zeros(2, 1_000))
  expect(first.isClosed).toBe(false)
})

test('limit: bytes that sessions hold together; who refuses them says which stream loses', () => {
  const calls: [number, number][] = []
  const budget = {
    hold(byteCount: number, streamBytes: number) {
      calls.push([byteCount, streamBytes])
      return streamBytes < 500
    },
  }
  const world = new World({ budget })
  const [first] = world.openAcked()
  const [, second] = world.openAcked()
  world.peer(zeros(2, 300), zeros(4, 400))
  first.consumed(100)
  world.peer(zeros(4, 100))
  expect(second).toEqual(['data 400 bytes', 'budget-spent'])
  expect(first.isClosed).toBe(false)
  // What a stream held is given back when it ends.
  expect(calls).toEqual([
    [300, 300],
    [400, 400],
    [-100, 200],
    [100, 500],
    [-500, 0],
  ])
})

test('a consumer that is behind is given copies of small parts of large chunks', () => {
  const world = new World()
  const [stream] = world.openAcked()
  const sizes: number[] = []
  stream.attach({
    data: (bytes) => sizes.push(bytes.buffer.byteLength),
    end() {},
    drain() {},
    reset() {},
  })
  const frames = [zeros(2, 10), zeros(99, 20_000), zeros(2, 10)]
  const large = Uint8Array.from(frames.flatMap((frame) => Array.from(frame)))
  world.session.receive(large, 0)
  // The first may be gone already; the second shall not keep all of it.
  expect(sizes).toEqual([large.length, 10])
})

test('limit: tiny frames that nobody consumes', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  const tiny = zeros(2, 1)
  for (let i = 0; i < 8_192; i++) world.peer(tiny)
  stream.consumed(8_192)
  for (let i = 0; i < 8_192; i++) world.peer(tiny)
  expect(stream.isClosed).toBe(false)
  world.peer(tiny)
  expect(events.at(-1)).toBe('held-too-much')
  expect(world.session.isClosed).toBe(false)
})

test.each([
  ['ping', FLOOD_LIMITS.ping, 'Ping|SYN 0 1', {}],
  ['refusal', FLOOD_LIMITS.refusal, 'WindowUpdate|SYN 1 0', { acceptStreams: false }],
  ['futile', FLOOD_LIMITS.futile, 'WindowUpdate 2 1023', {}],
  ['futile', FLOOD_LIMITS.futile, 'Data 2', {}],
  ['futile', FLOOD_LIMITS.futile, 'Data 99 x', {}],
] as const)('limit: cheap frames of kind %s, %d between two ticks', (_, max, text, config) => {
  const world = new World(config)
  world.openAcked()
  const frame = frameOf(text)
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < max; i++) world.peer(frame)
    world.pass(1_000)
  }
  expect(world.session.isClosed).toBe(false)
  for (let i = 0; i <= max; i++) world.peer(frame)
  expect(world.ends).toEqual(['flood'])
  expect(world.takeSent().at(-1)).toBe('GoAway 0 1')
})

test('limit: streams that the peer opens and resets', () => {
  const world = new World()
  const pair = (id: number) => [`WindowUpdate|SYN ${id} 0`, `WindowUpdate|RST ${id} 0`]
  for (let i = 0; i < FLOOD_LIMITS.cancellation; i++) world.peer(...pair(2 * i + 1))
  expect(world.session.isClosed).toBe(false)
  world.peer(...pair(1))
  expect(world.ends).toEqual(['flood'])
})

test.each([
  ['crumb', 'bytes of a stream', 2],
  ['scrap', 'bytes of an unknown stream', 99],
] as const)('limit: pieces of kind %s: %s, one at a time', (kind, _, streamId) => {
  const world = new World()
  const [stream] = world.openAcked()
  const bytes = frameOf(`Data ${streamId} ${'x'.repeat(FLOOD_LIMITS[kind] + 1)}`)
  world.session.receive(bytes.subarray(0, HEADER_BYTES), 0)
  const one = bytes.subarray(HEADER_BYTES, HEADER_BYTES + 1)
  for (let i = 0; i < FLOOD_LIMITS[kind]; i++) {
    world.session.receive(one, 0)
    if (streamId === stream.id) stream.consumed(1)
  }
  expect(world.session.isClosed).toBe(false)
  world.session.receive(one, 0)
  expect(world.ends).toEqual(['flood'])
})

test('limit: pieces of kind scrap: none at all', () => {
  const world = new World()
  for (let i = 0; i < FLOOD_LIMITS.scrap; i++) world.session.receive(new Uint8Array(), 0)
  expect(world.session.isClosed).toBe(false)
  world.session.receive(new Uint8Array(), 0)
  expect(world.ends).toEqual(['flood'])
})
