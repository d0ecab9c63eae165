import { get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { BenchError } from './bench-error.ts'
import { hasEnded, lastWords } from './process-group.ts'
import type { Running } from './process-group.ts'

interface Target {
  readonly name: string
  readonly port: number
  readonly processes: readonly Running[]
}

const READY_TIMEOUT_MS = 20_000
const RETRY_MS = 50

/** Waits until a request comes back with 200. Throws a BenchError with what the programs said. */
export async function answering(
  target: Target & { readonly header: string | undefined },
): Promise<void> {
  return until(target, async () => statusOf(target.port, target.header), '200')
}

/** Waits until a port accepts connections. Throws a BenchError with what the programs said. */
export async function listening(target: Target): Promise<void> {
  return until(target, async () => dial(target.port), 'connected')
}

async function until(target: Target, look: () => Promise<string>, wanted: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (let seen = await look(); seen !== wanted; seen = await look()) {
    if (target.processes.some(hasEnded) || performance.now() > deadline) {
      throw notReady(target, seen)
    }
    await delay(RETRY_MS)
  }
}

async function dial(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve('connected')
    })
    socket.on('error', ({ message }) => resolve(message))
  })
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

function notReady({ name, processes }: Target, seen: string): BenchError {
  const words = processes.map((running) => `${running.name}: ${lastWords(running)}`).join('\n')
  return new BenchError(`${name} is not ready (${seen})\n${words}`)
}
