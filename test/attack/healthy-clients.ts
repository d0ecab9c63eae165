import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'

export interface HealthyClientsOptions {
  readonly port: number
  readonly endpoint: string
  /** Requests a second. */
  readonly rate: number
}

/** A request that was answered, or was not. */
export interface Outcome {
  readonly sentMs: number
  readonly durationMs: number
  /** Undefined when all went well. */
  readonly failure: string | undefined
}

/** Clients whose requests come at a steady rate, whether those before were answered or not. */
export class HealthyClients {
  private outcomes: Outcome[] = []
  /** When those were sent that have no outcome yet. */
  private readonly sentMs = new Set<number>()
  private readonly options: HealthyClientsOptions
  private readonly agent = new Agent({ keepAlive: true })
  private readonly timer: NodeJS.Timeout

  constructor(options: HealthyClientsOptions) {
    this.options = options
    this.timer = setInterval(() => void this.ask(), 1_000 / options.rate)
  }

  /**
   * What became of the requests that were under way in that time; those that still are, too. What
   * ended before is forgotten.
   */
  between(fromMs: number, toMs: number): readonly Outcome[] {
    this.outcomes = this.outcomes.filter((outcome) => endMs(outcome) >= fromMs)
    const waiting = [...this.sentMs].map((sentMs) => {
      return { sentMs, durationMs: performance.now() - sentMs, failure: undefined }
    })
    return [...this.outcomes, ...waiting].filter(({ sentMs }) => sentMs <= toMs)
  }

  stop(): void {
    clearInterval(this.timer)
    this.agent.destroy()
  }

  private async ask(): Promise<void> {
    const sentMs = performance.now()
    this.sentMs.add(sentMs)
    const failure = await this.answer().then(
      (status) => (status === 200 ? undefined : `status ${status}`),
      (error: Error) => error.message,
    )
    this.sentMs.delete(sentMs)
    this.outcomes.push({ sentMs, durationMs: performance.now() - sentMs, failure })
  }

  private async answer(): Promise<number> {
    const { port, endpoint } = this.options
    const headers = { 'x-piko-endpoint': endpoint }
    return new Promise((resolve, reject) => {
      request(
        { host: '127.0.0.1', port, agent: this.agent, headers },
        (answer: IncomingMessage) => {
          answer.resume()
          answer.once('end', () => resolve(answer.statusCode as number))
          answer.once('error', reject)
        },
      )
        .once('error', reject)
        .end()
    })
  }
}

function endMs({ sentMs, durationMs }: Outcome): number {
  return sentMs + durationMs
}

/** What `share` (0 to 1) of the outcomes do not exceed, in milliseconds. */
export function quantileMs(outcomes: readonly Outcome[], share: number): number {
  const sorted = outcomes.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}
