import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { randomBelow } from '../../src/std/prng.ts'
import type { Random } from '../../src/std/prng.ts'

/** How a connection dies: an orderly end, a reset, or an end of one direction only. */
const DEATHS = ['fin', 'rst', 'half'] as const
type Death = (typeof DEATHS)[number]

/**
 * How much passes before it dies: within a request's head, within small bodies and between frames,
 * within large bodies and frames.
 */
const REACHES = [200, 4_000, 300_000] as const

export interface SaboteurOptions {
  /** Where connections lead. */
  readonly port: number
  readonly random: Random
  /** Share of the connections that die. */
  readonly rate: number
  /** Multiplies what passes before a connection dies: long-lived ones carry many requests. */
  readonly patience: number
}

/** A TCP hop that carries bytes faithfully until it kills the connection, wherever it is then. */
export class Saboteur {
  /** Connections that were killed. */
  kills = 0
  private readonly options: SaboteurOptions
  private readonly server: Server
  private active = true

  private constructor(options: SaboteurOptions) {
    this.options = options
    this.server = createServer({ allowHalfOpen: true }, (socket) => this.carry(socket))
  }

  static async start(options: SaboteurOptions): Promise<Saboteur> {
    const saboteur = new Saboteur(options)
    await new Promise<void>((resolve) => saboteur.server.listen(0, '127.0.0.1', resolve))
    return saboteur
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** From now on nothing dies any more. */
  relent(): void {
    this.active = false
  }

  close(): void {
    this.server.close()
  }

  private carry(near: Socket): void {
    const far = connect({ port: this.options.port, host: '127.0.0.1', allowHalfOpen: true })
    const fate = this.drawFate()
    let passed = 0
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      from.on('data', (chunk: Buffer) => {
        passed += chunk.length
        const excess = fate === undefined || !this.active ? 0 : passed - fate.afterBytes
        // The cut may lie within what one read brought: within a head, a frame, a body.
        const kept = excess > 0 ? chunk.subarray(0, Math.max(0, chunk.length - excess)) : chunk
        if (!to.write(kept)) from.pause()
        if (excess > 0 && fate !== undefined) this.kill(from, to, fate.death)
      })
      to.on('drain', () => from.resume())
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroySoon())
    }
  }

  private drawFate(): { afterBytes: number; death: Death } | undefined {
    const { random, rate, patience } = this.options
    if (random() >= rate) return undefined
    const reach = REACHES[randomBelow(random, REACHES.length)] as number
    const death = DEATHS[randomBelow(random, DEATHS.length)] as Death
    return { afterBytes: randomBelow(random, reach * patience), death }
  }

  private kill(from: Socket, to: Socket, death: Death): void {
    this.kills += 1
    if (death === 'rst') {
      from.resetAndDestroy()
      to.resetAndDestroy()
    } else if (death === 'fin') {
      from.destroySoon()
      to.destroySoon()
    } else {
      // One direction ends, and what still comes on it is swallowed.
      to.end()
      from.removeAllListeners('data')
      from.resume()
    }
  }
}
