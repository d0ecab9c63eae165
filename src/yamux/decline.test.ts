import { expect, test } from 'vitest'
import { DEFAULT_SESSION_CONFIG } from './config.ts'
import { Flag, HEADER_BYTES, Lead, writeHeader } from './frame.ts'
import { Session } from './session.ts'
import type { SessionShell, Stream } from './session.ts'

/** A session whose peer is written by hand, and what it says and hears of its streams. */
function opener() {
  const accepted: Stream[] = []
  const heard: string[] = []
  const sent: number[][] = []
  const shell: SessionShell = {
    control: (...frame) => void sent.push(frame),
    data: () => {},
    accepted: (stream) => {
      stream.attach(handler)
      accepted.push(stream)
    },
    peerGoAway: () => {},
    declined: () => void heard.push('a stream is declined'),
    closed: () => {},
  }
  const handler = {
    data: (bytes: Uint8Array) => void heard.push(`${bytes.length} bytes`),
    end() {},
    drain() {},
    reset: ({ code }: { code: string }) => void heard.push(code),
  }
  const config = { ...DEFAULT_SESSION_CONFIG, role: 'server', acceptStreams: true } as const
  const session = new Session(config, shell, 0)
  const open = (): Stream => {
    const stream = session.open(handler, 0) as Stream
    stream.flushOpen()
    return stream
  }
  const peer = (lead: number, streamId: number, length: number, payloadBytes = 0): void => {
    const frame = new Uint8Array(HEADER_BYTES + payloadBytes)
    writeHeader(frame, 0, lead, streamId, length)
    session.receive(frame, 0)
  }
  return { accepted, heard, sent, open, peer }
}

test('RST with length 1 on a stream without an answer says that nobody acted on it', () => {
  const { heard, open, peer } = opener()
  const { id } = open()
  peer(Lead.ack, id, 0)
  peer(Lead.rst, id, 1)
  expect(heard).toEqual(['a stream is declined', 'declined'])
})

test('a stream that was not taken is refused, whatever the length of the RST', () => {
  const { heard, open, peer } = opener()
  peer(Lead.rst, open().id, 1)
  expect(heard.at(-1)).toBe('refused')
})

test('behind the first byte of an answer it is a reset', () => {
  const { heard, open, peer } = opener()
  const { id } = open()
  peer(0, id, 4, 4)
  peer(Lead.rst, id, 1)
  expect([heard[0], heard.at(-1)]).toEqual(['4 bytes', 'reset'])
})

test('the length of a data frame with RST is that of its payload', () => {
  const { heard, open, peer } = opener()
  const { id } = open()
  peer(Lead.ack, id, 0)
  peer(Flag.rst, id, 1, 1)
  expect(heard).toEqual(['reset'])
})

test('who declines a stream says so once', () => {
  const { accepted, sent, peer } = opener()
  peer(Lead.syn, 1, 0)
  accepted[0]?.decline()
  accepted[0]?.decline()
  expect(sent.at(-1)).toEqual([Lead.rst, 1, 1])
  expect(sent.filter(([lead]) => lead === Lead.rst)).toHaveLength(1)
})
