import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'

const CHANNEL = 'net.server.socket'

/** Counts the TCP connections that a port of this process accepts, from now to the test's end. */
export function countConnections(port: number): { readonly count: number } {
  const counter = { count: 0 }
  const accepted = (message: unknown): void => {
    if ((message as { socket: Socket }).socket.localPort === port) counter.count += 1
  }
  subscribe(CHANNEL, accepted)
  onTestFinished(() => void unsubscribe(CHANNEL, accepted))
  return counter
}
