import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { YamuxError } from '../../yamux/errors.ts'
import type { Stream, StreamHandler } from '../../yamux/stream.ts'
import { ByteRate } from './byte-rate.ts'
import { PacedUpstream } from './paced-upstream.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const RATE = 100_000
const bytes = (count: number) => new Uint8Array(count)

/** A stream to nowhere, at a rate; what its peer and its user are told is written down. */
function start(rate = new ByteRate(RATE)) {
  const told: string[] = []
  let peer: StreamHandler | undefined
  let hasRoom = true
  const inner: Stream = {
    id: 1,
    isClosed: false,
    peerEnded: false,
    receivedBytes: 0,
    queuedBytes: 0,
    attach: () => {},
    flushOpen: () => told.push('open'),
    write: ({ length }) => (told.push(`write ${length}`), hasRoom),
    writeLent: ({ length }) => (told.push(`lent ${length}`), hasRoom),
    end: () => told.push('end'),
    reset: () => told.push('reset'),
    decline: () => told.push('decline'),
    consumed: (count) => told.push(`credit ${count}`),
  }
  const handler: StreamHandler = {
    data: ({ length }) => told.push(`data ${length}`),
    end: () => told.push('ended'),
    drain: () => told.push('drain'),
    reset: ({ code }) => told.push(`lost: ${code}`),
  }
  const upstream = {
    canOpen: true,
    open: (given: StreamHandler) => {
      peer = given
      return inner
    },
  }
  const stream = new PacedUpstream(upstream, rate).open(handler) as Stream
  return {
    rate,
    told,
    stream,
    peer: peer as unknown as StreamHandler,
    fill: () => void (hasRoom = false),
  }
}

test('within the rate everything passes as it is', () => {
  const { told, stream, peer } = start()
  stream.flushOpen()
  expect(stream.write(bytes(1_000))).toBe(true)
  peer.data(bytes(2_000))
  stream.consumed(2_000)
  peer.end()
  stream.end()
  expect(told).toEqual(['open', 'write 1000', 'data 2000', 'credit 2000', 'ended', 'end'])
})

test('what has come is delivered, and the credit for it waits', () => {
  const { told, stream, peer } = start()
  peer.data(bytes(200_000))
  stream.consumed(150_000)
  stream.consumed(50_000)
  vi.advanceTimersByTime(990)
  expect(told).toEqual(['data 200000'])
  vi.advanceTimersByTime(20)
  expect(told).toEqual(['data 200000', 'credit 200000'])
})

test('a user that writes too much is told to wait, and when to go on', () => {
  const { told, stream } = start()
  expect(stream.write(bytes(150_000))).toBe(false)
  vi.advanceTimersByTime(490)
  expect(told).toEqual(['write 150000'])
  vi.advanceTimersByTime(20)
  expect(told).toEqual(['write 150000', 'drain'])
})

test('whose turn it is still waits for room, and is told once', () => {
  const { told, stream, peer, fill } = start()
  fill()
  stream.write(bytes(150_000))
  vi.advanceTimersByTime(10_000)
  expect(told).toEqual(['write 150000'])
  peer.drain()
  expect(told).toEqual(['write 150000', 'drain'])
})

test('many that wait go on one after the other, not all at once', () => {
  const rate = new ByteRate(RATE)
  const all = Array.from({ length: 4 }, () => start(rate))
  for (const { peer, stream } of all) {
    peer.data(bytes(100_000))
    stream.consumed(100_000)
  }
  const credited = () => all.filter(({ told }) => told.includes('credit 100000')).length
  // The first one was within the rate; what it may send next is paid for as well.
  expect(credited()).toBe(1)
  vi.advanceTimersByTime(4_010)
  expect(credited()).toBe(2)
  vi.advanceTimersByTime(1_000)
  expect(credited()).toBe(3)
})

test('a stream that ends gives back what was paid for it', () => {
  const { rate, stream, peer } = start()
  peer.data(bytes(100_000))
  stream.consumed(100_000)
  expect(rate.isOverdrawn).toBe(true)
  peer.reset(new YamuxError('reset', 'gone'))
  expect(rate.isOverdrawn).toBe(false)
})
