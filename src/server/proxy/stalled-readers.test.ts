import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { StalledReaders } from './stalled-readers.ts'

/** As much of a client's connection as is looked at. */
class FakeConnection {
  bytesWritten = 500
  writableLength = 500
  destroyed = false
  _httpMessage: object | null = {}
  readonly _handle = { writeQueueSize: 500 }

  destroy(): void {
    this.destroyed = true
  }
}

/** Looks at a connection at these times, after `happens` did its part at each. */
function watched(
  times: readonly number[],
  happens: (socket: FakeConnection, ms: number) => void = () => {},
  timeoutMs = 100,
) {
  const socket = new FakeConnection()
  let exceeded = 0
  const stalled = new StalledReaders({
    connections: { busy: () => (socket.destroyed ? [] : [socket as unknown as Socket]) },
    timeoutMs,
    exceeded: () => void (exceeded += 1),
  })
  for (const ms of times) {
    happens(socket, ms)
    stalled.tick(ms)
  }
  expect(exceeded).toBe(socket.destroyed ? 1 : 0)
  return socket.destroyed
}

test('a client that takes nothing of its answer is cut', () => {
  expect(watched([0, 99])).toBe(false)
  expect(watched([0, 100, 200])).toBe(true)
})

test.each<[string, (socket: FakeConnection, ms: number) => void]>([
  ['takes a little', (socket, ms) => void (socket.writableLength = 500 - ms / 10)],
  ['takes a part of one write', (socket, ms) => void (socket._handle.writeQueueSize = 500 - ms)],
  ['has taken everything', (socket) => void (socket.writableLength = 0)],
  ['speaks another protocol', (socket) => void (socket._httpMessage = null)],
])('a client that %s is not', (_what, happens) => {
  expect(watched([0, 90, 180, 270], happens)).toBe(false)
})

test('the upstream’s next bytes are not the client’s progress', () => {
  const more = (socket: FakeConnection) => {
    socket.bytesWritten += 100
    socket.writableLength += 100
  }
  expect(watched([0, 50, 100], more)).toBe(true)
})

test('0 waits for ever', () => {
  expect(watched([0, 1e9], () => {}, 0)).toBe(false)
})
