// An HTTP server without a port: Piko brings its requests.
import { createServer } from 'node:http'
import { listen } from 'piko'

const server = createServer((request, response) => {
  response.end(`hello from ${request.url}\n`)
})

const listener = await listen('my-endpoint', { url: process.env.PIKO_URL, logger: console })
listener.serve(server)
