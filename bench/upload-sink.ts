import { createServer } from 'node:http'

/**
 * The origin of uploads, a program of its own: `upload-sink.ts <port>`. It takes a body to its last
 * byte before it answers with the number of bytes; one that answers early would measure nothing.
 */
const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  let received = 0
  request.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  request.on('end', () => response.end(`${received}\n`))
})
server.listen(Number(process.argv[2]), '127.0.0.1')
