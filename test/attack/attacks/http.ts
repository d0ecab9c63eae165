import type { Attack } from '../attack.ts'
import { sendStrangers } from '../strangers.ts'

const HEAD = 'GET / HTTP/1.1\r\nHost: a.b\r\n'
const FIELDS = Array.from({ length: 4_000 }, (_, i) => `X-${i}: some value\r\n`).join('')

/** Heads that never end, a line a second. */
export const slowHeads: Attack = {
  name: 'slow heads',
  begin: async ({ proxy }) =>
    sendStrangers({ port: proxy, count: 2_000, opening: HEAD, drip: 'X: y\r\n' }),
}

/** Bodies that never end, a byte a second, for a service that waits for them. */
export const slowBodies: Attack = {
  name: 'slow bodies',
  begin: async ({ proxy, endpoint }) =>
    sendStrangers({
      port: proxy,
      count: 1_000,
      opening: `POST / HTTP/1.1\r\nHost: ${endpoint}.b\r\nContent-Length: 1000000\r\n\r\n`,
      drip: 'x',
    }),
}

/** Heads with no end of fields, as fast as they are read. */
export const headerFlood: Attack = {
  name: 'header flood',
  begin: async ({ proxy }) =>
    sendStrangers({ port: proxy, count: 32, opening: HEAD, chunk: Buffer.from(FIELDS) }),
}

const IDLE = 10_000

/** Connections that say nothing, on both ports that face strangers. */
export const idleConnections: Attack = {
  name: '10,000 idle connections',
  begin: async ({ proxy, upstream }) => {
    await sendStrangers({ port: proxy, count: IDLE / 2, opening: '' })
    await sendStrangers({ port: upstream, count: IDLE / 2, opening: '' })
  },
}
