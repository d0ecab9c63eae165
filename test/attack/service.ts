import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The service's process: answers GET, and waits for the end of whatever else comes. */
process.once('disconnect', () => process.exit())
const server = createServer((request, response) => {
  request.resume()
  if (request.method === 'GET') response.end('well')
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
