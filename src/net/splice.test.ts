import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished, expect, test } from 'vitest'
import type { Stream } from '../yamux/session.ts'
import { Splice } from './splice.ts'

/** A stream that keeps what is done to it. */
class FakeStream implements Stream {
  readonly id = 1
  isClosed = false
  peerEnded = false
  readonly receivedBytes = 0
  readonly queuedBytes = 0
  text = ''
  consumedBytes = 0
  ended = false
  takes = true
  wake: () => void = () => {}

  attach(): void {}
  flushOpen(): void {}

  write(bytes: Uint8Array): boolean {
    this.text += Buffer.from(bytes).toString()
    this.wake()
    return this.takes
  }

  writeLent(bytes: Uint8Array): boolean {
    return this.write(bytes)
  }

  end(): void {
    this.ended = true
    this.wake()
  }

  reset(): void {
    this.isClosed = true
    this.wake()
  }

  decline(): void {
    this.reset()
  }

  consumed(byteCount: number): void {
    this.consumedBytes += byteCount
    this.wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}

/** A splice of a fake stream with a real socket, and the other end of that. */
async function spliced(closed?: () => void) {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const peer = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  peer.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    server.close()
    peer.destroy()
    socket.destroy()
  })
  const stream = new FakeStream()
  return { stream, socket, peer, splice: new Splice(stream, socket, closed) }
}

test('bytes and ends pass in both directions, each by itself', async () => {
  const { stream, peer, splice } = await spliced()
  peer.end('up')
  await stream.until(() => stream.ended)
  expect([stream.text, stream.isClosed]).toEqual(['up', false])
  splice.data(Buffer.from('down'))
  stream.peerEnded = true
  splice.end()
  const [bytes] = (await once(peer, 'data')) as [Buffer]
  await once(peer, 'end')
  expect([bytes.toString(), stream.isClosed]).toEqual(['down', false])
})

test('a full stream pauses the socket until it drains', async () => {
  const { stream, socket, peer, splice } = await spliced()
  stream.takes = false
  peer.write('a')
  await stream.until(() => stream.text === 'a')
  expect(socket.isPaused()).toBe(true)
  peer.write('b')
  splice.drain()
  await stream.until(() => stream.text === 'ab')
})

test('credit goes back when the socket has taken the bytes', async () => {
  const { stream, peer, splice } = await spliced()
  splice.data(Buffer.alloc(1_000))
  expect(stream.consumedBytes).toBe(1_000)
  const large = 8 * 1024 * 1024
  splice.data(Buffer.alloc(large))
  expect(stream.consumedBytes).toBe(1_000)
  peer.resume()
  await stream.until(() => stream.consumedBytes === 1_000 + large)
})

test('a lost socket resets the stream, and says so', async () => {
  let closed = 0
  const { stream, peer } = await spliced(() => {
    closed += 1
  })
  peer.resetAndDestroy()
  await stream.until(() => stream.isClosed)
  await expect.poll(() => closed).toBe(1)
})

test('a lost stream resets the socket: a cut never looks like an end', async () => {
  const { peer, splice } = await spliced()
  const ended: string[] = []
  peer.on('end', () => ended.push('end'))
  peer.resume()
  splice.reset()
  await expect.poll(() => peer.closed).toBe(true)
  expect(ended).toEqual([])
})
