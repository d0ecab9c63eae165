import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

interface Change {
  readonly at: number
  readonly owner: string
  readonly endpoint: string
  /** Whether the endpoint appeared or went away. */
  readonly isThere: boolean
  readonly waitingFor: Set<SimProcess>
}

/** Measures how long changes at one node take until every other one routes by them. */
export class Spread {
  /** Milliseconds from a change until the last node knew, for those that all know. */
  readonly delaysMs: number[] = []
  private readonly world: World
  private open: Change[] = []

  constructor(world: World) {
    this.world = world
  }

  /** Changes of which somebody does not know yet. */
  get pending(): number {
    return this.open.length
  }

  change(owner: SimProcess, endpoint: string, isThere: boolean): void {
    owner.setUpstreams(endpoint, isThere ? 1 : 0)
    const others = [...this.world.processes.values()].filter((process) => process !== owner)
    const waitingFor = new Set(others)
    this.open.push({ at: this.world.now, owner: owner.id, endpoint, isThere, waitingFor })
  }

  /** Looks who learned what; to be called often, its rhythm is the precision. */
  look(): void {
    this.open = this.open.filter((change) => {
      for (const process of change.waitingFor) {
        const node = process.table.node(change.owner)
        if (node?.endpoints.has(change.endpoint) === change.isThere) {
          change.waitingFor.delete(process)
        }
      }
      if (change.waitingFor.size > 0) return true
      this.delaysMs.push(this.world.now - change.at)
      return false
    })
  }
}

/** The value that `share` of the sorted values do not pass. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Infinity
}
