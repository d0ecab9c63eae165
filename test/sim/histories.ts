import type { Entry } from '../../src/gossip/entry.ts'
import type { SimProcess } from './sim-process.ts'

/** Every change that one incarnation's owner made, in order: change v is at index v - 1. */
export interface History {
  readonly changes: Entry[]
  /** Versions of each key's changes, oldest first. */
  readonly versionsByKey: Map<string, number[]>
}

/** What really happened at the owners: the truth that copies are held against. */
export class Histories {
  private readonly byIncarnation = new Map<string, History>()

  of(id: string, generation: number): History | undefined {
    return this.byIncarnation.get(`${id}@${generation}`)
  }

  /** Writes down what the owner changed since the last call. */
  record(process: SimProcess): void {
    const { self } = process.gossiper.cluster
    const name = `${self.id}@${self.generation}`
    const history = this.byIncarnation.get(name) ?? { changes: [], versionsByKey: new Map() }
    this.byIncarnation.set(name, history)
    if (self.state.version === history.changes.length) return
    for (const entry of self.state.after(history.changes.length)) {
      history.changes[entry.version - 1] = entry
      const versions = history.versionsByKey.get(entry.key) ?? []
      history.versionsByKey.set(entry.key, versions)
      versions.push(entry.version)
    }
  }
}
