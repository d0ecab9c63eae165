import { randomBytes, randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Attack } from '../attack.ts'
import { sendStrangers } from '../strangers.ts'

const SOCKETS = 4
/** Datagrams that are under way at once. */
const AT_ONCE = 64
const PACKETS = 256

/** Random datagrams, and streams that promise a message and do not send it. */
export const hostileGossip: Attack = {
  name: 'hostile gossip',
  begin: async ({ gossip }) => {
    const promise = Buffer.from([1, 0, 255, 255, 255])
    await sendStrangers({ port: gossip, count: 200, opening: promise, drip: 'x' })
    const packets = Array.from({ length: PACKETS }, () => randomBytes(randomInt(1, 1_400)))
    for (let i = 0; i < SOCKETS; i++) {
      const socket = createSocket('udp4')
      socket.bind(0, `127.0.0.${2 + i}`)
      await once(socket, 'listening')
      for (let begun = 0; begun < AT_ONCE; begun++) shoot(socket, gossip, packets)
    }
  },
}

function shoot(socket: Socket, port: number, packets: readonly Uint8Array[]): void {
  const packet = packets[randomInt(packets.length)] as Uint8Array
  socket.send(packet, port, '127.0.0.1', () => setImmediate(shoot, socket, port, packets))
}
