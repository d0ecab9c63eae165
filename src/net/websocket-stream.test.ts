import { expect, test } from 'vitest'
import type { StreamHandler } from '../yamux/stream.ts'
import type { MessageTransport } from './message-transport.ts'
import type { TransportHandler } from './transport.ts'
import { closeError, CloseCode } from './websocket-error.ts'
import { RESET_CODE, WebSocketStream } from './websocket-stream.ts'

/** One end of a WebSocket that keeps what is done to it; its peer is played by hand. */
class FakeTransport implements MessageTransport {
  overwrites = false
  bufferedBytes = 0
  readonly log: string[] = []
  peer: TransportHandler | undefined

  start(handler: TransportHandler): void {
    this.peer = handler
  }

  send(pieces: readonly Uint8Array[], byteLength: number): void {
    const bytes = Buffer.concat(pieces, byteLength)
    this.log.push(byteLength > 20 ? `send ${byteLength}` : `send "${bytes.toString()}"`)
  }

  pause(): void {
    this.log.push('pause')
  }

  resume(): void {
    this.log.push('resume')
  }

  close(closeCode = 1000): void {
    this.log.push(`close ${closeCode}`)
  }

  destroy(): void {
    this.log.push('destroy')
  }
}

function streamOf({ halfCloses = true } = {}) {
  const transport = new FakeTransport()
  const stream = new WebSocketStream(transport, { halfCloses })
  const heard: string[] = []
  const handler: StreamHandler = {
    data: (bytes) => heard.push(Buffer.from(bytes).toString()),
    end: () => heard.push('end'),
    drain: () => heard.push('drain'),
    reset: (error) => heard.push(`reset: ${String(error.cause)}`),
  }
  stream.attach(handler)
  const peer = transport.peer as TransportHandler
  return { transport, stream, heard, peer, sent: transport.log }
}

const bytesOf = (text: string) => Buffer.from(text)
const closed = (code: number) => closeError(code, '')

test('each direction ends by itself, and both ends close the WebSocket', () => {
  const { stream, heard, peer, sent } = streamOf()
  stream.write(bytesOf('ours'))
  stream.end()
  peer.bytes(bytesOf('theirs'))
  peer.emptyMessage?.()
  expect(sent).toEqual(['send "ours"', 'send ""', 'close 1000'])
  peer.transportClosed(undefined)
  expect(heard).toEqual(['theirs', 'end'])
  expect(stream.isClosed).toBe(true)
})

test('the peer may end first', () => {
  const { stream, heard, peer, sent } = streamOf()
  peer.emptyMessage?.()
  expect([stream.peerEnded, stream.isClosed]).toEqual([true, false])
  stream.write(bytesOf('still here'))
  stream.end()
  expect(sent).toEqual(['send "still here"', 'send ""', 'close 1000'])
  expect(heard).toEqual(['end'])
})

test.each([RESET_CODE, CloseCode.normal, CloseCode.goingAway, CloseCode.abnormal])(
  'a Close %i before both have ended is a reset',
  (code) => {
    for (const hasEnded of [false, true]) {
      const { stream, heard, peer } = streamOf()
      if (hasEnded) stream.end()
      peer.transportClosed(closed(code))
      expect(heard).toEqual([expect.stringContaining('reset')])
      expect(stream.isClosed).toBe(true)
    }
  },
)

test.each([CloseCode.normal, CloseCode.abnormal])(
  'without half-close a Close %i is an end',
  (code) => {
    const { heard, peer } = streamOf({ halfCloses: false })
    peer.bytes(bytesOf('theirs'))
    peer.transportClosed(closed(code))
    expect(heard).toEqual(['theirs', 'end'])
  },
)

test('without half-close an end closes at once, and empty messages mean nothing', () => {
  const { stream, heard, peer, sent } = streamOf({ halfCloses: false })
  peer.emptyMessage?.()
  stream.end()
  expect(sent).toEqual(['close 1000'])
  peer.transportClosed(undefined)
  expect(heard).toEqual(['end'])
})

test('what is written for a peer that is gone is dropped, and then its writer is stopped', () => {
  const { stream, heard, peer, sent } = streamOf({ halfCloses: false })
  peer.transportClosed(undefined)
  expect(stream.write(bytesOf('a little'))).toBe(true)
  expect(heard).toEqual(['end'])
  stream.write(Buffer.alloc(1024 * 1024))
  expect(heard).toEqual(['end', 'reset: Error: the peer reads no more'])
  expect(sent).toEqual([])
})

test('a reset has a code of its own, and its caller hears nothing of it', () => {
  const { stream, heard, peer, sent } = streamOf()
  stream.reset()
  stream.write(bytesOf('unsaid'))
  stream.end()
  peer.bytes(bytesOf('unheard'))
  peer.transportClosed(closed(CloseCode.normal))
  expect(sent).toEqual([`close ${RESET_CODE}`])
  expect(heard).toEqual([])
})

test.each(['bytes', 'emptyMessage'] as const)('%s behind the end is a violation', (call) => {
  const { heard, peer, sent } = streamOf()
  peer.emptyMessage?.()
  peer[call]?.(bytesOf('more'))
  expect(sent).toEqual(['close 1002'])
  expect(heard).toEqual(['end', 'reset: Error: the peer went on behind its end'])
})

test('the peer is held up while too much is not consumed', () => {
  const { stream, peer, sent } = streamOf()
  const chunk = Buffer.alloc(64 * 1024)
  for (let i = 0; i < 5; i++) peer.bytes(chunk)
  expect(sent).toEqual(['pause'])
  for (let i = 0; i < 5; i++) stream.consumed(chunk.length)
  expect(sent).toEqual(['pause', 'resume'])
  expect(stream.receivedBytes).toBe(5 * chunk.length)
})

test('whoever writes to a full transport is asked to wait, until it is empty', () => {
  const { transport, stream, heard, peer } = streamOf()
  transport.bufferedBytes = 1024 * 1024
  expect(stream.write(Buffer.alloc(20_000))).toBe(false)
  transport.bufferedBytes = 0
  peer.drained()
  peer.drained()
  expect(heard).toEqual(['drain'])
})

test('what a client writes is copied: masking overwrites it', () => {
  const { transport, stream } = streamOf()
  const pieces: Uint8Array[] = []
  transport.send = (sent) => void pieces.push(...sent)
  const bytes = Buffer.alloc(20_000, 1)
  stream.write(bytes)
  transport.overwrites = true
  stream.write(bytes)
  expect(pieces.map(({ buffer }) => buffer === bytes.buffer)).toEqual([false, true, false])
})

test('a write of any size leaves in messages that every end takes', () => {
  const { stream, sent } = streamOf()
  stream.write(Buffer.alloc(600 * 1024))
  expect(sent).toEqual(['send 262144', 'send 262144', 'send 90112'])
})
