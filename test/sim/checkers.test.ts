import { afterEach, expect, test, vi } from 'vitest'
import { ClusterTable } from '../../src/cluster/cluster-table.ts'
import { DEFAULT_GOSSIP } from '../../src/gossip/config.ts'
import { Exchange } from '../../src/gossip/exchange.ts'
import { LocalNode } from '../../src/gossip/local-node.ts'
import { NodeState, type StateDelta } from '../../src/gossip/node-state.ts'
import { Peer } from '../../src/gossip/peer.ts'
import { Rejoin } from '../../src/gossip/rejoin.ts'
import { Tombstones } from '../../src/gossip/tombstones.ts'
import { Violation } from './checker.ts'
import { packetsKeepTheirBudget } from './checkers/packet-budget.ts'
import { runSeed } from './run-seed.ts'
import { World } from './world.ts'

/**
 * Who checks the checkers: faults are planted in the production code, and each must be caught by
 * the checker that is there for it, within a few seeds.
 */

afterEach(() => {
  vi.restoreAllMocks()
})

/** Whether `checker` fires in one of the first `seeds` runs. */
function isCaughtBy(checker: string, seeds: number): boolean {
  for (let seed = 1; seed <= seeds; seed++) {
    if (runSeed({ seed }).violation?.checker === checker) return true
  }
  return false
}

type Method = (...args: unknown[]) => unknown

/** Replaces a method of production code by one that may call it. */
function plant<T extends object>(
  prototype: T,
  name: string,
  faulty: (self: T, method: Method, argument: never) => unknown,
): void {
  const sound = Reflect.get(prototype, name) as Method
  const spied = vi.spyOn(prototype as Record<string, Method>, name)
  spied.mockImplementation(function planted(this: unknown, ...args: unknown[]) {
    return faulty(this as T, (...inner) => sound.apply(this, inner), args[0] as never)
  })
}

test('a copy whose version goes back is caught', () => {
  plant(NodeState.prototype, 'apply', (state, apply, delta: StateDelta) => {
    const changed = apply(delta)
    const isOld = delta.from > 0 && delta.to < state.version
    if (isOld) Object.assign(state, { lastVersion: delta.to })
    return changed
  })
  expect(isCaughtBy('copies follow their owners', 20)).toBe(true)
})

test('a lost delete is caught', () => {
  plant(NodeState.prototype, 'apply', (_state, apply, delta: StateDelta) => {
    const entries = delta.entries.filter(({ deleted, version }) => !deleted || version % 3 !== 0)
    return apply({ ...delta, entries })
  })
  expect(isCaughtBy('copies follow their owners', 20)).toBe(true)
})

test('a deleted key that returns is caught', () => {
  plant(NodeState.prototype, 'collect', (state) => {
    for (const entry of state.entries()) {
      if (entry.deleted) Object.assign(entry, { deleted: false, value: '1' })
    }
  })
  expect(isCaughtBy('copies follow their owners', 20)).toBe(true)
})

test('a forgotten tombstone is caught', () => {
  plant(Tombstones.prototype, 'bury', () => undefined)
  expect(isCaughtBy('buried stays buried', 60)).toBe(true)
})

test('a zombie that is vouched for from memory is caught', () => {
  vi.spyOn(Peer.prototype, 'vouchedHeartbeat', 'get').mockImplementation(function vouch(
    this: Peer,
  ) {
    return Reflect.get(this, 'lastHeartbeat') as number
  })
  expect(isCaughtBy('no zombies', 60)).toBe(true)
})

test('a packet one byte over its budget is caught', () => {
  const checker = packetsKeepTheirBudget(new World({ seed: 1 }))
  const { packetBytesMax } = DEFAULT_GOSSIP
  checker.sent?.('10.0.0.1:1', '10.0.0.2:1', new Uint8Array(packetBytesMax))
  const sendLarger = () => {
    checker.sent?.('10.0.0.1:1', '10.0.0.2:1', new Uint8Array(packetBytesMax + 1))
  }
  expect(sendLarger).toThrow(Violation)
})

test('an off-by-one in the packet budget does not get past the Gossiper', () => {
  plant(Exchange.prototype, 'packetRoom', (_exchange, packetRoom) => Number(packetRoom()) + 1)
  expect(() => runSeed({ seed: 1 })).toThrow('packets stay within their budget')
})

test('a message that changes its receiver is caught', () => {
  plant(LocalNode.prototype, 'hear', (self) => self.upsert('endpoint:planted', '1'))
  expect(isCaughtBy('nobody changes another', 3)).toBe(true)
})

test('a cluster that does not seek out the lost is caught', () => {
  plant(Rejoin.prototype, 'dueAddresses', () => [])
  plant(Rejoin.prototype, 'dueJoins', () => [])
  expect(isCaughtBy('liveness', 3)).toBe(true)
})

test('a route to a node that left is caught', () => {
  plant(ClusterTable.prototype, 'left', () => undefined)
  expect(isCaughtBy('routing mirrors gossip', 20)).toBe(true)
})
