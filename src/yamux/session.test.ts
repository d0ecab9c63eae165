import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bytesOf,
  frameOf,
  header,
  Recorder,
  windowful,
  World,
  zeros,
} from '../../test/support/yamux-world.ts'
import { YamuxError } from './errors.ts'
import { FrameType, INITIAL_WINDOW_BYTES, UINT32_MAX } from './frame.ts'

// The table of wire.md, row by row.

test('roles: a server numbers its streams 2, 4, … and a client 1, 3, …', () => {
  const server = new World()
  const client = new World({ role: 'client' })
  expect([server.open()[0].id, server.open()[0].id]).toEqual([2, 4])
  expect([client.open()[0].id, client.open()[0].id]).toEqual([1, 3])
})

test('roles: where no streams are accepted, one of the peer gets RST', () => {
  const world = new World({ acceptStreams: false })
  world.peer('Data|SYN 1 hello', 'Data 1 more')
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 1 0'])
  expect(world.streams).toEqual([])
  expect(world.session.isClosed).toBe(false)
})

test('open: nothing leaves until the first write, and SYN rides on it', () => {
  const world = new World()
  const [stream] = world.open()
  expect(world.takeSent()).toEqual([])
  expect(stream.write(bytesOf('GET /'))).toBe(true)
  expect(stream.write(bytesOf('more'))).toBe(true)
  expect(world.takeSent()).toEqual(['Data|SYN 2 GET /', 'Data 2 more'])
})

test('open: without a write, SYN goes as a window update of 0', () => {
  const world = new World()
  const [stream] = world.open()
  stream.flushOpen()
  stream.flushOpen()
  expect(world.takeSent()).toEqual(['WindowUpdate|SYN 2 0'])
})

test('open: a larger window is granted with SYN, before the first data', () => {
  const world = new World({ windowBytes: 300_000 })
  world.open()[0].write(bytesOf('hi'))
  expect(world.takeSent()).toEqual(['WindowUpdate|SYN 2 37856', 'Data 2 hi'])
})

test('open: the credit of a SYN adds to the window', () => {
  const world = new World()
  world.peer('WindowUpdate|SYN 1 100')
  const bytes = new Uint8Array(INITIAL_WINDOW_BYTES + 101)
  world.streams[0]?.write(bytes)
  expect(world.streams[0]?.queuedBytes).toBe(1)
})

test('open: SYN is accepted on Data, with its payload behind it', () => {
  const world = new World()
  world.peer('Data|SYN 1 hello')
  expect(world.recorders[0]?.events).toEqual(['data hello'])
})

test('accept: ACK goes at once and once, with the larger window', () => {
  const world = new World({ windowBytes: 300_000 })
  world.peer('WindowUpdate|SYN 1 0')
  expect(world.takeSent()).toEqual(['WindowUpdate|ACK 1 37856'])
  world.streams[0]?.write(bytesOf('answer'))
  expect(world.takeSent()).toEqual(['Data 1 answer'])
})

test('accept: what the owner writes while it is asked goes behind the ACK', () => {
  const world = new World()
  world.accepted = (stream) => {
    stream.attach(new Recorder())
    stream.write(bytesOf('hello'))
    stream.end()
  }
  world.peer('WindowUpdate|SYN 1 0')
  expect(world.takeSent()).toEqual(['WindowUpdate|ACK 1 0', 'Data 1 hello', 'WindowUpdate|FIN 1 0'])
})

test('accept: an owner that resets the stream sends RST and no ACK', () => {
  const world = new World()
  world.accepted = (stream) => stream.reset()
  world.peer('Data|SYN|FIN 1 hello')
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 1 0'])
  expect(world.session.streamCount).toBe(0)
})

test('data before ACK: is delivered, and counts as ACK', () => {
  const world = new World({ unackedMax: 1 })
  const [first, events] = world.open()
  const [second] = world.open()
  first.write(bytesOf('one'))
  second.write(bytesOf('two'))
  expect(world.takeSent()).toEqual(['Data|SYN 2 one'])
  world.peer('Data 2 early')
  expect(events).toEqual(['data early'])
  expect(world.takeSent()).toEqual(['WindowUpdate|SYN 4 0', 'Data 4 two'])
})

test('un-ACKed SYNs: at most 256 are out, the next waits for an ACK and keeps its bytes', () => {
  const world = new World()
  for (let i = 0; i < 256; i++) expect(world.open()[0].write(bytesOf('x'))).toBe(true)
  expect(world.takeSent()).toHaveLength(256)
  const [waiting, events] = world.open()
  expect(waiting.write(bytesOf('y'))).toBe(false)
  waiting.end()
  expect(world.takeSent()).toEqual([])
  world.peer('WindowUpdate|ACK 100 0')
  expect(world.takeSent()).toEqual([
    'WindowUpdate|SYN 514 0',
    'Data 514 y',
    'WindowUpdate|FIN 514 0',
  ])
  expect(events).toEqual([])
})

test('un-ACKed SYNs: a stream that waited is told when it may write on', () => {
  const world = new World({ unackedMax: 1 })
  world.open()[0].write(bytesOf('x'))
  const [waiting, events] = world.open()
  waiting.write(bytesOf('y'))
  world.peer('WindowUpdate|RST 2 0')
  expect(events).toEqual(['drain'])
})

test('un-ACKed SYNs: a stream that gives up waiting takes no slot', () => {
  const world = new World({ unackedMax: 1 })
  world.open()[0].flushOpen()
  const [waiting] = world.open()
  waiting.flushOpen()
  waiting.reset()
  world.open()[0].flushOpen()
  world.takeSent()
  world.peer('WindowUpdate|ACK 2 0')
  expect(world.takeSent()).toEqual(['WindowUpdate|SYN 6 0'])
})

test.each([
  ['un-ACKed', 2],
  ['waiting', 4],
])('un-ACKed SYNs: a stream that stays %s is given up after 75 s', (_, id) => {
  const world = new World({ unackedMax: 1 })
  const [first, firstEvents] = world.open()
  const [second, secondEvents] = world.open()
  first.flushOpen()
  second.flushOpen()
  const [stream, events] = id === 2 ? [first, firstEvents] : [second, secondEvents]
  world.peer('Ping|ACK 0 0')
  world.pass(39_000)
  world.peer('Ping|ACK 0 0')
  world.pass(35_000)
  expect(events).toEqual([])
  world.pass(1_000)
  expect(events).toEqual(['open-timeout'])
  expect(stream.isClosed).toBe(true)
})

test('window: a sender uses the last byte and then waits for an update', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  expect(stream.write(windowful)).toBe(false)
  expect(world.takeSent()).toEqual(Array.from({ length: 4 }, () => 'Data 2 65536 bytes'))
  stream.write(bytesOf('z'))
  expect(world.takeSent()).toEqual([])
  world.peer('WindowUpdate 2 1')
  expect(world.takeSent()).toEqual(['Data 2 z'])
  expect(events).toEqual([])
  world.peer('WindowUpdate 2 1')
  expect(events).toEqual(['drain'])
})

/** As a Buffer: its `slice` copies nothing. */
class ViewSlicing extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end)
  }
}

test('lent bytes: what waits for the window is copied', () => {
  const world = new World()
  const [stream] = world.openAcked()
  stream.write(windowful)
  world.takeSent()
  const lent = new ViewSlicing(new ArrayBuffer(3)).fill(97)
  expect(stream.writeLent(lent)).toBe(false)
  lent.fill(0)
  world.peer('WindowUpdate 2 3')
  expect(world.takeSent()).toEqual(['Data 2 aaa'])
})

test.each([
  [INITIAL_WINDOW_BYTES, []],
  [INITIAL_WINDOW_BYTES + 1, ['GoAway 0 1']],
])('window: %d unconsumed bytes of the peer lead to %j', (byteCount, sent) => {
  const world = new World()
  const [, events] = world.openAcked()
  world.peer(zeros(2, 200_000), zeros(2, byteCount - 200_000))
  expect(world.takeSent()).toEqual(sent)
  expect(world.ends).toEqual(sent.length === 0 ? [] : ['protocol'])
  expect(events.at(-1)).toBe(sent.length === 0 ? 'data 62144 bytes' : 'session-lost')
})

test('window update: goes when half the window is owed, and only for consumed bytes', () => {
  const world = new World()
  const [stream] = world.openAcked()
  world.peer(zeros(2, 200_000))
  stream.consumed(131_071)
  expect(world.takeSent()).toEqual([])
  stream.consumed(1)
  expect(world.takeSent()).toEqual(['WindowUpdate 2 131072'])
})

test('window update: after the peer’s FIN none goes', () => {
  const world = new World()
  const [stream] = world.openAcked()
  world.peer(zeros(2, 200_000), 'WindowUpdate|FIN 2 0')
  stream.consumed(200_000)
  expect(world.takeSent()).toEqual([])
})

test('window update: the sum is clamped at 2^32 − 1', () => {
  const world = new World()
  const [stream] = world.openAcked()
  world.peer(header(1 << 16, 2, UINT32_MAX), header(1 << 16, 2, UINT32_MAX))
  expect(stream.write(windowful)).toBe(true)
})

test('FIN: goes as a window update behind the last byte, once', () => {
  const world = new World()
  const [stream] = world.openAcked()
  stream.write(windowful)
  stream.write(bytesOf('last'))
  stream.end()
  stream.end()
  world.takeSent()
  world.peer('WindowUpdate 2 1000')
  expect(world.takeSent()).toEqual(['Data 2 last', 'WindowUpdate|FIN 2 0'])
  stream.end()
  expect(world.takeSent()).toEqual([])
})

test('FIN: a stream without a byte is SYN and FIN', () => {
  const world = new World()
  world.open()[0].end()
  expect(world.takeSent()).toEqual(['WindowUpdate|SYN 2 0', 'WindowUpdate|FIN 2 0'])
})

test('FIN: of a peer may ride on Data, and comes behind its payload', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  world.peer('Data|FIN 2 bye')
  expect(events).toEqual(['data bye', 'end'])
  expect(stream.peerEnded).toBe(true)
})

test('FIN: reading goes on after one’s own', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  stream.end()
  world.peer('Data 2 still', 'WindowUpdate|FIN 2 0')
  expect(events).toEqual(['data still', 'end'])
  expect([stream.isClosed, world.session.streamCount]).toEqual([true, 0])
})

test('FIN: a second one of the peer ends the session', () => {
  const world = new World()
  const [, events] = world.openAcked()
  world.peer('WindowUpdate|FIN 2 0', 'WindowUpdate|FIN 2 0')
  expect(world.takeSent()).toEqual(['GoAway 0 1'])
  expect(events).toEqual(['end', 'session-lost'])
})

test('FIN: data that the peer sends behind it is dropped, and costs only that', () => {
  const world = new World()
  const [, events] = world.openAcked()
  world.peer('WindowUpdate|FIN 2 0', 'Data 2 late')
  expect(events).toEqual(['end'])
  expect(world.session.isClosed).toBe(false)
})

test('half-closed: is reset after 5 min of silence, not while anything comes', () => {
  const world = new World({ keepAliveIntervalMs: Infinity })
  const [stream, events] = world.openAcked()
  stream.end()
  world.pass(299_000)
  world.peer('Data 2 x')
  world.takeSent()
  world.pass(299_000)
  expect(events).toEqual(['data x'])
  world.pass(1_000)
  expect(events).toEqual(['data x', 'half-close-timeout'])
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 2 0'])
})

test('half-closed by the peer: this side may take as long as it likes', () => {
  const world = new World({ keepAliveIntervalMs: Infinity })
  const [stream] = world.openAcked()
  world.peer('WindowUpdate|FIN 2 0')
  world.pass(900_000)
  expect(stream.write(bytesOf('late answer'))).toBe(true)
})

test('RST: drops what is queued, and the handler of the one who resets hears nothing', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  stream.write(windowful)
  stream.write(bytesOf('dropped'))
  world.takeSent()
  stream.reset()
  stream.reset()
  world.peer('WindowUpdate 2 5000', 'Data 2 late')
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 2 0'])
  expect(events).toEqual([])
  expect(world.session.streamCount).toBe(0)
})

test('RST: of the peer tells whether the stream was ever taken', () => {
  const world = new World()
  const [refused, refusedEvents] = world.open()
  refused.write(bytesOf('GET /'))
  const [, acked] = world.openAcked()
  const [both, bothEvents] = world.open()
  both.flushOpen()
  world.peer('WindowUpdate|RST 2 0', 'WindowUpdate|RST 4 0', 'WindowUpdate|ACK|RST 6 0')
  expect([refusedEvents, acked, bothEvents]).toEqual([['refused'], ['reset'], ['reset']])
})

test('RST: in the middle of a frame, the rest of the frame is swallowed', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  const frame = zeros(2, 100)
  world.peer(frame.subarray(0, 50))
  stream.reset()
  world.peer(frame.subarray(50), 'Ping|SYN 0 7')
  expect(events).toEqual(['data 38 bytes'])
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 2 0', 'Ping|ACK 0 7'])
})

test('unknown stream: its data is drained and its frames ignored', () => {
  const world = new World()
  world.peer(zeros(77, 1_000_000), 'WindowUpdate 8 5', 'WindowUpdate|FIN 0 0', 'Data|RST 9 x')
  world.peer('Ping|SYN 0 1')
  expect(world.takeSent()).toEqual(['Ping|ACK 0 1'])
})

test('unknown stream: so is one that the peer cannot have heard of yet', () => {
  const world = new World()
  const [stream, events] = world.open()
  world.peer('Data 2 hello', 'WindowUpdate|RST 2 0')
  expect([events, stream.isClosed]).toEqual([[], false])
})

test.each([
  ['duplicate SYN id', 'WindowUpdate|SYN 1 0'],
  ['SYN with an id of this side', 'WindowUpdate|SYN 2 0'],
  ['SYN on the session itself', 'Data|SYN 0 x'],
])('%s: GoAway 1, and the session ends', (_, frame) => {
  const world = new World()
  world.peer('WindowUpdate|SYN 1 0')
  world.takeSent()
  world.peer(frame)
  expect(world.takeSent()).toEqual(['GoAway 0 1'])
  expect(world.ends).toEqual(['protocol'])
  expect(world.recorders[0]?.events).toEqual(['session-lost'])
})

test('SYN ids may come out of order: Go openers race to send', () => {
  const world = new World()
  world.peer('WindowUpdate|SYN 5 0', 'WindowUpdate|SYN 1 0', 'WindowUpdate|SYN 3 0')
  expect(world.session.streamCount).toBe(3)
})

test('ping: is answered at once with the same value, also when the transport is full', () => {
  const world = new World()
  world.session.setCongested(true)
  world.peer('Ping|SYN 0 3735928559')
  expect(world.takeSent()).toEqual(['Ping|ACK 0 3735928559'])
})

test('ping: a silent peer gets one after 30 s, and 10 s later the session ends', () => {
  const world = new World()
  const [, events] = world.openAcked()
  world.pass(29_000)
  expect(world.takeSent()).toEqual([])
  world.pass(1_000)
  expect(world.takeSent()).toEqual(['Ping|SYN 0 1'])
  world.pass(9_000)
  expect(world.session.isClosed).toBe(false)
  world.pass(1_000)
  expect(world.takeSent()).toEqual(['GoAway 0 2'])
  expect([events, world.ends]).toEqual([['session-lost'], ['keep-alive-timeout']])
})

test('GoAway 0: no new streams, existing ones live, unsent ones are refused', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  const [, unsent] = world.open()
  world.peer('GoAway 0 0', 'GoAway 0 0', 'Data 2 alive')
  expect(world.session.open(new Recorder(), 0)).toBeUndefined()
  expect([world.session.canOpen, world.session.peerGone, world.peerGoAways]).toEqual([
    false,
    true,
    1,
  ])
  expect([events, unsent]).toEqual([['data alive'], ['refused']])
  expect(stream.write(bytesOf('x'))).toBe(true)
})

test('GoAway 0 of this side: said once, later SYNs get RST, earlier streams live', () => {
  const world = new World()
  world.peer('WindowUpdate|SYN 1 0')
  world.session.goAway()
  world.session.goAway()
  world.peer('WindowUpdate|SYN 3 0', 'Data 1 alive')
  expect(world.takeSent()).toEqual(['WindowUpdate|ACK 1 0', 'GoAway 0 0', 'WindowUpdate|RST 3 0'])
  expect(world.recorders[0]?.events).toEqual(['data alive'])
})

test.each([1, 2, 3, 4_000_000_000])('GoAway %d: ends the session and its streams', (code) => {
  const world = new World()
  const [, events] = world.openAcked()
  world.peer(header(FrameType.goAway << 16, 0, code), 'Ping|SYN 0 1')
  expect([events, world.ends]).toEqual([['session-lost'], ['peer-go-away']])
  expect(world.takeSent()).toEqual([])
})

test('write stall: the streams that have bytes to send are reset, the others live', () => {
  const world = new World({ keepAliveIntervalMs: Infinity })
  const [stuck, stuckEvents] = world.openAcked()
  const [, quietEvents] = world.openAcked()
  world.session.setCongested(true)
  stuck.write(bytesOf('x'))
  world.pass(60_000)
  expect([stuckEvents, quietEvents]).toEqual([['write-stalled'], []])
  expect(world.takeSent()).toEqual(['WindowUpdate|RST 2 0'])
})

test('stream ids: none is reused, and long before they end nothing is opened', () => {
  const world = new World({ streamIdMax: 5 })
  world.open()[0].reset()
  expect(world.session.canOpen).toBe(true)
  expect(world.open()[0].id).toBe(4)
  expect(world.session.canOpen).toBe(false)
})

test.each([0x1_00_00_00, 0x4_00_00, 0xff_ff_ff_ff])('bad version or type: lead %i', (lead) => {
  const world = new World()
  world.peer(header(lead, 0, 5), 'Ping|SYN 0 1')
  expect(world.takeSent()).toEqual(['GoAway 0 1'])
  expect(world.ends).toEqual(['protocol'])
})

// What callers may rely on.

test('a full transport: writes queue, and leave stream by stream in shares of 64 KiB', () => {
  const world = new World()
  const [first, firstEvents] = world.openAcked()
  const [second] = world.openAcked()
  world.session.setCongested(true)
  expect(first.write(new Uint8Array(150_000))).toBe(false)
  expect(second.write(bytesOf('small'))).toBe(false)
  expect(world.takeSent()).toEqual([])
  world.session.setCongested(false)
  expect(world.takeSent()).toEqual([
    'Data 2 65536 bytes',
    'Data 4 small',
    'Data 2 65536 bytes',
    'Data 2 18928 bytes',
  ])
  expect(firstEvents).toEqual(['drain'])
})

test('a transport that fills up in the middle of a write keeps the rest in the stream', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  world.congestsAfterData = true
  expect(stream.write(new Uint8Array(100_000))).toBe(false)
  expect([world.takeSent(), stream.queuedBytes]).toEqual([['Data 2 65536 bytes'], 34_464])
  world.session.setCongested(false)
  expect([world.takeSent(), events]).toEqual([['Data 2 34464 bytes'], []])
  world.session.setCongested(false)
  expect(events).toEqual(['drain'])
})

test('close: the peer, every stream and then the shell are told, once, and nothing follows', () => {
  const world = new World()
  const [, events] = world.openAcked()
  const [unsent, unsentEvents] = world.open()
  world.session.close(2, new YamuxError('closed'))
  world.session.close(1, new YamuxError('protocol'))
  world.peer('Data 2 late', 'Ping|SYN 0 1')
  world.pass(100_000)
  unsent.write(bytesOf('x'))
  unsent.flushOpen()
  expect(world.takeSent()).toEqual(['GoAway 0 2'])
  expect([events, unsentEvents, world.ends]).toEqual([['session-lost'], ['refused'], ['closed']])
  expect(world.session.open(new Recorder(), 0)).toBeUndefined()
})

test('a session that is closed from inside a callback delivers nothing more', () => {
  const world = new World()
  const [stream, events] = world.openAcked()
  stream.attach({
    data: () => world.session.close(undefined, new YamuxError('closed')),
    end: () => events.push('end'),
    drain: () => events.push('drain'),
    reset: (error) => events.push(error.code),
  })
  const last = frameOf('Data|FIN 2 x')
  const ping = frameOf('Ping|SYN 0 1')
  const syn = frameOf('WindowUpdate|SYN 1 0')
  const goAway = frameOf('GoAway 0 0')
  world.peer(Uint8Array.of(...last, ...ping, ...syn, ...goAway))
  expect([events, world.ends, world.takeSent()]).toEqual([['session-lost'], ['closed'], []])
  expect([world.streams, world.peerGoAways]).toEqual([[], 0])
})

test('misuse asserts: writing behind the end, accepting without a handler', () => {
  const world = new World()
  const [stream] = world.openAcked()
  stream.end()
  expect(() => stream.write(bytesOf('x'))).toThrow('behind the end')
  world.accepted = () => undefined
  expect(() => world.peer('WindowUpdate|SYN 1 0')).toThrow('given a handler')
})

test('hostile bytes never throw, and nothing is reported after the end', () => {
  const lead = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 15 })).map(([t, f]) => (t << 16) | f)
  const length = fc.oneof(fc.nat({ max: 20 }), fc.integer({ min: 0, max: UINT32_MAX }))
  const frame = fc
    .tuple(fc.oneof({ arbitrary: lead, weight: 30 }, fc.integer()), fc.nat({ max: 7 }), length)
    .map(([first, id, value]) => header(first, id, value))
  const junk = fc.uint8Array({ maxLength: 40 })
  const input = fc.array(fc.oneof({ arbitrary: frame, weight: 5 }, junk), { maxLength: 60 })
  fc.assert(
    fc.property(input, (frames) => {
      const world = new World({ unackedMax: 2, streamsMax: 5 })
      for (let i = 0; i < 3; i++) world.open()[0].write(bytesOf('hello'))
      world.peer(...frames)
      expect(world.ends.length).toBe(world.session.isClosed ? 1 : 0)
      expect(world.session.streamCount).toBeLessThanOrEqual(world.session.isClosed ? 0 : 5)
    }),
    { numRuns: 1_000 },
  )
})
