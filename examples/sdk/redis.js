// The redis client, connected to an endpoint. It opens its own sockets, so a port stands between.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { dial } from 'piko'
import { createClient } from 'redis'

const remote = await dial('my-redis', { url: process.env.PIKO_URL })
const bridge = createServer((local) => pipeline(local, remote, local, () => bridge.close()))
await once(bridge.listen(0, 'localhost'), 'listening')

const client = await createClient({ socket: { port: bridge.address().port } }).connect()
console.log(await client.ping())
await client.close()
