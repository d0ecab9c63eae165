import { expect, test } from 'vitest'
import { DEFAULT_SESSION_CONFIG } from '../yamux/config.ts'
import { MuxConn, MuxRuntime } from './mux-conn.ts'
import type { MuxConnOwner } from './mux-conn.ts'
import type { Transport } from './transport.ts'

/** Takes everything at once and counts the messages. */
class Wire implements Transport {
  readonly overwrites = false
  readonly bufferedBytes = 0
  messages = 0

  start(): void {}

  send(): void {
    this.messages += 1
  }

  close(): void {}

  destroy(): void {}
}

const owner: MuxConnOwner = { accepted: () => {}, peerGoAway: () => {}, closed: () => {} }

test('the pings of many idle tunnels leave one after the other, out of one slab', () => {
  const runtime = new MuxRuntime()
  const slabs = new Set<Buffer>()
  const release = runtime.slabs.release.bind(runtime.slabs)
  runtime.slabs.release = (slab) => {
    slabs.add(slab)
    release(slab)
  }
  const config = { ...DEFAULT_SESSION_CONFIG, role: 'client', acceptStreams: true } as const
  const wires = Array.from({ length: 100 }, () => new Wire())
  const conns = wires.map((wire) => new MuxConn(wire, owner, { runtime, config }))
  const inAnHour = performance.now() + 3_600_000
  for (const conn of conns) conn.tick(inAnHour)
  expect(wires.map(({ messages }) => messages)).toEqual(wires.map(() => 1))
  expect(slabs.size).toBe(1)
})
