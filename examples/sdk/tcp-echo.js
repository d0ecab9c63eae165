// A TCP service without a port: every connection gets back what it sends.
import { pipeline } from 'node:stream/promises'
import { listen } from 'piko'

const listener = await listen('my-endpoint', { url: process.env.PIKO_URL, logger: console })

for await (const connection of listener) {
  pipeline(connection, connection).catch((error) => console.error(connection.id, error.message))
}
