import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { errorCode } from '../../src/std/errors.ts'
import { LINGER_MS, MESSAGE_BYTES_MAX } from '../../src/net/websocket-transport.ts'
import { openPair, SUBJECTS } from './open-pair.ts'
import type { Pair, Subject } from './open-pair.ts'
import { closeBody, OP, pattern } from './raw-frame.ts'
import type { RawFrame } from './raw-frame.ts'

/**
 * RFC 6455 as a tunnel uses it, on real sockets: the same table for Piko's own framing and for the
 * `ws` package, as server and as client, against a peer that writes its frames byte by byte.
 */

const open: Pair[] = []

async function pairOf(subject: Subject, early?: Uint8Array): Promise<Pair> {
  const pair = await openPair(subject, early)
  open.push(pair)
  return pair
}

afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(open.splice(0).map(async (pair) => pair.drop()))
})

const NONE = new Uint8Array(0)
const text = (words: string): Uint8Array => Buffer.from(words)
const binary = (payload: Uint8Array, more: Partial<RawFrame> = {}): RawFrame => {
  return { opcode: OP.binary, payload, ...more }
}
const continued = (payload: Uint8Array, fin: boolean): RawFrame => {
  return { opcode: OP.continuation, payload, fin }
}
const ping = (words: string): RawFrame => ({ opcode: OP.ping, payload: text(words) })

interface Accepted {
  readonly name: string
  readonly frames: readonly RawFrame[]
  readonly bytes: Uint8Array
  /** Payloads of the pongs that the peer gets. */
  readonly pongs?: readonly string[]
}

const ACCEPTED: readonly Accepted[] = [
  // Every length form at its edges; 256 KiB + 12 is what a Go peer may send.
  ...[1, 125, 126, 127, 65_535, 65_536, 256 * 1024 + 12].map((length) => {
    const payload = pattern(length)
    return { name: `a message of ${length} bytes`, frames: [binary(payload)], bytes: payload }
  }),
  {
    name: 'a message at the limit',
    frames: [binary(pattern(MESSAGE_BYTES_MAX))],
    bytes: pattern(MESSAGE_BYTES_MAX),
  },
  {
    name: 'a fragmented message at the limit, twice',
    frames: Array.from({ length: 2 }, () => [
      binary(pattern(MESSAGE_BYTES_MAX - 1), { fin: false }),
      continued(pattern(1), true),
    ]).flat(),
    bytes: Buffer.concat(
      Array.from({ length: 2 }, () => [pattern(MESSAGE_BYTES_MAX - 1), pattern(1)]).flat(),
    ),
  },
  {
    name: 'messages without bytes',
    frames: [binary(NONE), binary(text('a')), binary(NONE), binary(text('b')), binary(NONE)],
    bytes: text('ab'),
  },
  {
    name: 'fragments, those without bytes among them',
    frames: [
      binary(NONE, { fin: false }),
      continued(text('one'), false),
      continued(NONE, false),
      continued(text('two'), false),
      continued(NONE, true),
      binary(text('three')),
    ],
    bytes: text('onetwothree'),
  },
  {
    name: 'control frames between fragments',
    frames: [
      binary(text('one'), { fin: false }),
      ping('p1'),
      continued(text('two'), false),
      { opcode: OP.pong, payload: text('unasked') },
      ping('p2'),
      continued(text('three'), true),
    ],
    bytes: text('onetwothree'),
    pongs: ['p1', 'p2'],
  },
  {
    name: 'pings of every size',
    frames: [ping(''), ping('x'), ping('y'.repeat(125)), binary(text('.'))],
    bytes: text('.'),
    pongs: ['', 'x', 'y'.repeat(125)],
  },
  {
    name: 'a pong nobody asked for',
    frames: [{ opcode: OP.pong, payload: NONE }, binary(text('.'))],
    bytes: text('.'),
  },
]

interface Refused {
  readonly name: string
  readonly frames: readonly RawFrame[]
  readonly closeCode: number
  /** `ws` lets it pass. */
  readonly wsAccepts?: true
}

const REFUSED: readonly Refused[] = [
  ...[1, 2, 4].map((rsv) => {
    const frames = [binary(text('x'), { rsv })]
    return { name: `reserved bit ${rsv}`, frames, closeCode: 1002 }
  }),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => {
    return { name: `opcode ${opcode}`, frames: [{ opcode, payload: NONE }], closeCode: 1002 }
  }),
  { name: 'a text message', frames: [{ opcode: OP.text, payload: text('hi') }], closeCode: 1003 },
  { name: 'a continuation of nothing', frames: [continued(text('x'), true)], closeCode: 1002 },
  {
    name: 'a continuation of a message that is over',
    frames: [binary(text('x')), continued(text('x'), true)],
    closeCode: 1002,
  },
  {
    name: 'a message inside a message',
    frames: [binary(text('x'), { fin: false }), binary(text('y'))],
    closeCode: 1002,
  },
  { name: 'a fragmented ping', frames: [{ ...ping('x'), fin: false }], closeCode: 1002 },
  {
    name: 'a fragmented close',
    frames: [{ opcode: OP.close, payload: NONE, fin: false }],
    closeCode: 1002,
  },
  { name: 'a ping of 126 bytes', frames: [ping('x'.repeat(126))], closeCode: 1002 },
  {
    name: 'a short length in 16 bits',
    frames: [binary(pattern(125), { lengthForm: 16 })],
    closeCode: 1002,
    wsAccepts: true,
  },
  {
    name: 'a 16-bit length in 64 bits',
    frames: [binary(pattern(65_535), { lengthForm: 64 })],
    closeCode: 1002,
    wsAccepts: true,
  },
  {
    name: 'a close of one byte',
    frames: [{ opcode: OP.close, payload: text('x') }],
    closeCode: 1002,
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code) => {
    const frames = [{ opcode: OP.close, payload: closeBody(code) }]
    return { name: `close code ${code}`, frames, closeCode: 1002 }
  }),
  {
    name: 'a close reason that is not UTF-8',
    frames: [{ opcode: OP.close, payload: closeBody(1000, Uint8Array.of(0xc3, 0x28)) }],
    closeCode: 1007,
  },
  {
    name: 'a message one byte above the limit',
    frames: [binary(NONE, { claimedLength: BigInt(MESSAGE_BYTES_MAX + 1) })],
    closeCode: 1009,
  },
  {
    name: 'fragments one byte above the limit',
    frames: [binary(pattern(MESSAGE_BYTES_MAX), { fin: false }), continued(pattern(1), true)],
    closeCode: 1009,
  },
  ...[2n ** 32n, 2n ** 53n, 2n ** 63n - 1n].map((claimedLength) => {
    const frames = [binary(NONE, { claimedLength })]
    return { name: `a length of ${claimedLength}`, frames, closeCode: 1009 }
  }),
]

describe.each(SUBJECTS)('$kind as $role', (subject) => {
  const masked = subject.role === 'client'

  test.each(ACCEPTED)('takes $name', async ({ frames, bytes, pongs = [] }) => {
    const { probe, peer } = await pairOf(subject)
    peer.send(...frames)
    expect(Buffer.compare(await probe.receivedBytes(bytes.length), bytes)).toBe(0)
    for (const pong of pongs) {
      const frame = await peer.nextFrame()
      expect(frame).toMatchObject({ opcode: OP.pong, fin: true, rsv: 0 })
      expect(Buffer.from(frame?.payload ?? NONE).toString()).toBe(pong)
    }
    // Nothing else was said or heard.
    peer.send({ opcode: OP.close, payload: closeBody(1000) })
    expect((await peer.nextFrame())?.opcode).toBe(OP.close)
    peer.socket.end()
    expect(await probe.closed()).toBeUndefined()
    expect(probe.received.length).toBe(bytes.length)
    expect(probe.calls.filter((call) => call !== 'drained')).toEqual(['started', 'bytes', 'closed'])
  })

  test.each(REFUSED.filter(({ wsAccepts }) => subject.kind === 'own' || wsAccepts !== true))(
    'refuses $name with $closeCode',
    async ({ frames, closeCode }) => {
      const { probe, peer } = await pairOf(subject)
      peer.send(...frames)
      expect(await refusal({ probe, peer })).toEqual({ closeCode, masked })
    },
  )

  test('refuses a frame that is masked against its role with 1002', async () => {
    const { probe, peer } = await pairOf(subject)
    peer.send(binary(text('x'), { mask: peer.mask === undefined ? [1, 2, 3, 4] : undefined }))
    expect(await refusal({ probe, peer })).toEqual({ closeCode: 1002, masked })
    expect(probe.received.length).toBe(0)
  })

  test('hands on what came before a violation in the same chunk, and nothing after', async () => {
    const { probe, peer } = await pairOf(subject)
    peer.send(binary(text('good')), binary(text('bad'), { rsv: 4 }), binary(text('late')))
    expect(await refusal({ probe, peer })).toEqual({ closeCode: 1002, masked })
    expect(probe.received.toString()).toBe('good')
  })

  test('whatever the frames and the chunks, the bytes arrive as they were', async () => {
    const message = fc.record({
      payload: fc.uint8Array({ maxLength: 600 }),
      cuts: fc.array(fc.nat(600), { maxLength: 3 }),
      pinged: fc.boolean(),
    })
    const sizes = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(300)))
    const key = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 4 }),
        key,
        sizes,
        async (messages, mask, chunkBytes) => {
          const pair = await openPair(subject)
          const masking = pair.peer.mask === undefined ? undefined : mask
          const frames = messages.flatMap(({ payload, cuts, pinged }) => [
            ...fragments(payload, cuts),
            ...(pinged ? [ping('!')] : []),
          ])
          const encoded = frames.map((frame) => pair.peer.encode({ ...frame, mask: masking }))
          await pair.peer.dribble(Buffer.concat(encoded), () => chunkBytes.next().value)
          const expected = Buffer.concat(messages.map(({ payload }) => payload))
          const received = await pair.probe.receivedBytes(expected.length)
          expect(Buffer.compare(received, expected)).toBe(0)
          await pair.drop()
        },
      ),
      { numRuns: 15 },
    )
  })

  test('bytes behind the handshake are not lost, and come after start', async () => {
    const mask = subject.role === 'server' ? [5, 6, 7, 8] : undefined
    const encoder = (await pairOf(subject)).peer
    const frames = [binary(pattern(3_000), { mask }), binary(text('!'), { mask })]
    const early = Buffer.concat(frames.map((frame) => encoder.encode(frame)))
    const { probe } = await pairOf(subject, early)
    await probe.receivedBytes(3_001)
    expect(Buffer.compare(probe.received, Buffer.concat([pattern(3_000), text('!')]))).toBe(0)
    expect(probe.calls[0]).toBe('started')
  })

  test.each([1, 125, 126, 65_535, 65_536, 262_156])(
    'sends %i bytes in pieces, masked as its role demands',
    async (length) => {
      const { probe, peer } = await pairOf(subject)
      const bytes = pattern(length)
      probe.send(
        bytes,
        [12, 40, 41, 20_000].filter((cut) => cut < length),
      )
      probe.send(text('next'))
      expect(Buffer.compare(await peer.nextBytes(length), bytes)).toBe(0)
      const next = await peer.nextFrame()
      expect(Buffer.from(next?.payload ?? NONE).toString()).toBe('next')
      expect(next?.mask === undefined).toBe(subject.role === 'server')
    },
  )

  test('says how much a peer that does not read has left, and when it is gone', async () => {
    const { probe, peer } = await pairOf(subject)
    peer.socket.pause()
    let sent = 0
    while (probe.transport.bufferedBytes < 1024 * 1024) {
      probe.send(pattern(60_000))
      sent += 60_000
    }
    // Drained is told when the last byte has left, not before.
    expect(probe.drainedCount).toBe(0)
    peer.socket.resume()
    const received = await peer.nextBytes(sent)
    await probe.drainedOnce()
    expect(probe.transport.bufferedBytes).toBe(0)
    expect(received.length).toBe(sent)
    expect(Buffer.compare(received.subarray(-60_000), pattern(60_000))).toBe(0)
  })

  test.each([
    [1000, ''],
    [1001, 'going'],
    [undefined, ''],
  ] as const)('answers Close %s %s, and takes it for an end in order', async (code, reason) => {
    const { probe, peer } = await pairOf(subject)
    peer.send({ opcode: OP.close, payload: code === undefined ? NONE : closeBody(code, reason) })
    const answer = await peer.nextFrame()
    expect(answer?.opcode).toBe(OP.close)
    if (code === undefined) expect(answer?.payload.length).toBe(0)
    else expect(Buffer.from(answer?.payload ?? NONE).readUInt16BE()).toBe(code)
    await peer.ended()
    peer.socket.end()
    expect(await probe.closed()).toBeUndefined()
  })

  test.each([1011, 1014, 3000, 4999])('Close %i is an error of the peer', async (code) => {
    const { probe, peer } = await pairOf(subject)
    peer.send({ opcode: OP.close, payload: closeBody(code, 'grüße') })
    expect((await peer.nextFrame())?.opcode).toBe(OP.close)
    peer.socket.end()
    const cause = await probe.closed()
    expect(errorCode(cause)).toBe('peer-closed')
    expect(cause?.message).toContain(`${code}: grüße`)
  })

  test('closes with 1000 behind what was sent, and delivers nothing after', async () => {
    const { probe, peer } = await pairOf(subject)
    probe.send(pattern(200_000))
    probe.transport.close()
    expect((await peer.nextBytes(200_000)).length).toBe(200_000)
    const close = await peer.nextFrame()
    expect(close?.opcode).toBe(OP.close)
    peer.send(binary(text('late')), { opcode: OP.close, payload: closeBody(1000) })
    await peer.ended()
    peer.socket.end()
    expect(await probe.closed()).toBeUndefined()
    expect(probe.received.length).toBe(0)
  })

  test('calls after the end do nothing', async () => {
    const { probe, peer } = await pairOf(subject)
    peer.socket.resetAndDestroy()
    await probe.closed()
    probe.send(text('into the void'))
    probe.transport.close()
    probe.transport.destroy()
    expect(probe.calls.filter((call) => call === 'closed')).toHaveLength(1)
  })

  test('drops a peer that never answers its Close', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { probe, peer } = await pairOf(subject)
    probe.transport.close()
    expect((await peer.nextFrame())?.opcode).toBe(OP.close)
    expect(probe.calls).not.toContain('closed')
    await vi.advanceTimersByTimeAsync(LINGER_MS)
    await peer.ended()
    expect(await probe.closed()).toBeUndefined()
  })

  test('a FIN without a Close is an error, and is answered with a FIN', async () => {
    const { probe, peer } = await pairOf(subject)
    peer.send(binary(text('last words')))
    peer.socket.end()
    await peer.ended()
    expect(errorCode(await probe.closed())).toBe('no-close')
    expect(probe.received.toString()).toBe('last words')
  })

  test('a FIN inside a frame is an error', async () => {
    const { probe, peer } = await pairOf(subject)
    const frame = peer.encode(binary(pattern(100)))
    peer.socket.end(frame.subarray(0, 50))
    await peer.ended()
    expect(await probe.closed()).toBeInstanceOf(Error)
  })

  test('a reset is an error', async () => {
    const { probe, peer } = await pairOf(subject)
    peer.send(binary(text('x')))
    await probe.receivedBytes(1)
    peer.socket.resetAndDestroy()
    // `ws` keeps the socket's own error to itself.
    const code = subject.kind === 'own' ? 'ECONNRESET' : 'no-close'
    expect(errorCode(await probe.closed())).toBe(code)
  })

  test('destroy drops the connection at once', async () => {
    const { probe, peer } = await pairOf(subject)
    probe.transport.destroy()
    await peer.ended()
    expect(await probe.closed()).toBeUndefined()
    expect(probe.calls).toEqual(['started', 'closed'])
  })

  test('a peer that speaks garbage ends its own connection and no more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (garbage) => {
        const pair = await openPair(subject)
        pair.peer.socket.end(garbage)
        await pair.probe.closed()
        expect(pair.probe.calls.filter((call) => call === 'closed')).toHaveLength(1)
        await pair.drop()
      }),
      { numRuns: 40 },
    )
  })
})

/** The Close that tells a peer of its violation, on a connection that then ends with an error. */
async function refusal({
  probe,
  peer,
}: Pick<Pair, 'probe' | 'peer'>): Promise<{ closeCode: number; masked: boolean }> {
  const close = await peer.nextFrame()
  expect(close?.opcode).toBe(OP.close)
  peer.socket.end()
  await peer.ended()
  expect(await probe.closed()).toBeInstanceOf(Error)
  expect(probe.calls.filter((call) => call === 'closed')).toHaveLength(1)
  return {
    closeCode: Buffer.from(close?.payload ?? NONE).readUInt16BE(),
    masked: close?.mask !== undefined,
  }
}

/** A message cut into fragments. */
function fragments(payload: Uint8Array, cuts: readonly number[]): RawFrame[] {
  const ends = [...cuts.filter((cut) => cut < payload.length).sort((a, b) => a - b), payload.length]
  return ends.map((end, i) => {
    const part = payload.subarray(ends[i - 1] ?? 0, end)
    const fin = i === ends.length - 1
    return i === 0 ? binary(part, { fin }) : continued(part, fin)
  })
}
