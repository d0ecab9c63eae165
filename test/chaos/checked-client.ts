import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { Agent, IncomingMessage } from 'node:http'
import { randomBelow } from '../../src/std/prng.ts'
import type { Random } from '../../src/std/prng.ts'
import { patternBytes } from './pattern-service.ts'

/**
 * What became of a request. `wrong` must never happen: a complete answer that is not the right one.
 */
export type Verdict = 'right' | 'broken' | 'refused' | 'wrong'

const SIZES = [0, 1, 100, 5_000, 70_000, 600_000] as const
const FRAMINGS = ['length', 'chunked', 'close'] as const

export interface CheckedClientOptions {
  readonly port: number
  readonly endpointId: string
  readonly random: Random
  readonly agent: Agent
}

/** Sends one random request and checks its answer to the last byte. */
export async function checkedRequest(options: CheckedClientOptions): Promise<Verdict> {
  const { random } = options
  const seed = randomBelow(random, 1_000_000)
  const size = SIZES[randomBelow(random, SIZES.length)] as number
  const body = patternBytes(seed, 0, size)
  if (random() < 0.4) {
    const expected = Buffer.from(createHash('sha256').update(body).digest('hex'))
    return exchange(options, { method: 'POST', path: '/', body, expected })
  }
  const framing = FRAMINGS[randomBelow(random, FRAMINGS.length)] as string
  return exchange(options, { method: 'GET', path: `/${seed}/${size}/${framing}`, expected: body })
}

interface Planned {
  readonly method: string
  readonly path: string
  readonly body?: Buffer
  readonly expected: Buffer
}

async function exchange(options: CheckedClientOptions, planned: Planned): Promise<Verdict> {
  const { port, endpointId, random, agent } = options
  return new Promise((resolve) => {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      agent,
      method: planned.method,
      path: planned.path,
      headers: {
        'x-piko-endpoint': endpointId,
        // Half of the uploads say how long they are.
        ...(planned.body && random() < 0.5 && { 'content-length': planned.body.length }),
      },
    })
    request.on('error', () => resolve('broken'))
    request.on('response', (response) => {
      // Some clients lose interest in the middle.
      if (random() < 0.1) response.once('data', () => response.destroy())
      void judge(response, planned.expected).then(resolve)
    })
    request.end(planned.body)
  })
}

async function judge(response: IncomingMessage, expected: Buffer): Promise<Verdict> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch {
    return 'broken'
  }
  if (!response.complete) return 'broken'
  const { statusCode } = response
  // Piko's own answers, and the service's or the edge's to what a cut made of a request.
  if (statusCode !== 200)
    return [400, 408, 502, 504].includes(statusCode ?? 0) ? 'refused' : 'wrong'
  return Buffer.concat(chunks).equals(expected) ? 'right' : 'wrong'
}
