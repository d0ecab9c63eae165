import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { BenchError } from './bench-error.ts'
import { hasEnded, lastWords } from './process-group.ts'
import type { Running } from './process-group.ts'

const READY_TIMEOUT_MS = 20_000
const RETRY_MS = 50

/** Waits until a request comes back with 200. Throws a BenchError with what the programs said. */
export async function answering(target: {
  readonly name: string
  readonly port: number
  readonly header: string | undefined
  readonly processes: readonly Running[]
}): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  let status = ''
  while (status !== '200') {
    const ended = target.processes.some(hasEnded)
    if (ended || performance.now() > deadline) throw notReady(target, status)
    status = await statusOf(target.port, target.header)
    if (status !== '200') await delay(RETRY_MS)
  }
}

async function statusOf(port: number, header: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const request = get(
      { port, host: '127.0.0.1', path: '/100', headers: headersOf(header), agent: false },
      (response) => {
        response.resume()
        resolve(String(response.statusCode))
      },
    )
    request.on('error', ({ message }) => resolve(message))
  })
}

/** `x-piko-endpoint: bench` as an object. */
export function headersOf(header: string | undefined): Record<string, string> {
  if (header === undefined) return {}
  const colon = header.indexOf(':')
  return { [header.slice(0, colon).trim()]: header.slice(colon + 1).trim() }
}

function notReady(
  { name, processes }: { readonly name: string; readonly processes: readonly Running[] },
  status: string,
): BenchError {
  const words = processes.map((running) => `${running.name}: ${lastWords(running)}`).join('\n')
  return new BenchError(`${name} does not answer with 200 (${status})\n${words}`)
}
