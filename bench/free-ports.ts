import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * Ports of the loopback that nobody listens on. They are held until all are found, so no two are
 * the same; another program could take one before it is used, which then shows in its log.
 */
export async function freePorts<Name extends string>(
  ...names: readonly Name[]
): Promise<Record<Name, number>> {
  const holders = names.map((name) => ({ name, server: createServer().listen(0, '127.0.0.1') }))
  await Promise.all(holders.map(async ({ server }) => once(server, 'listening')))
  const ports = holders.map(({ name, server }) => [name, (server.address() as AddressInfo).port])
  await Promise.all(holders.map(async ({ server }) => once(server.close(), 'close')))
  return Object.fromEntries(ports) as Record<Name, number>
}
