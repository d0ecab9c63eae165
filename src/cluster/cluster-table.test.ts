import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../std/prng.ts'
import { ClusterTable } from './cluster-table.ts'
import { endpointKey } from './node.ts'

function newTable(inFlight: (nodeId: string) => number = () => 0): ClusterTable {
  return new ClusterTable('me', { random: seededRandom(1), inFlight })
}

function serve(table: ClusterTable, id: string, endpoint: string, count = 1): void {
  if (table.node(id) === undefined) table.joined(id, `${id}:1`, 0)
  table.upserted(id, endpointKey(endpoint), String(count), 0)
}

function chosenShare(table: ClusterTable, endpoint: string, id: string): number {
  const picks = Array.from({ length: 4_000 }, () => table.choose(endpoint, 0)?.id)
  return picks.filter((pick) => pick === id).length / picks.length
}

test('an endpoint leads to a node that serves it, never to this one', () => {
  const table = newTable()
  table.upserted('me', endpointKey('shop'), '3', 0)
  expect(table.choose('shop', 0)).toBeUndefined()
  serve(table, 'n2', 'shop')
  expect(table.choose('shop', 0)?.id).toBe('n2')
  expect(table.choose('other', 0)).toBeUndefined()
  expect(table.localNode.endpoints.get('shop')).toBe(3)
})

test('a node with more upstreams is chosen more often', () => {
  const table = newTable()
  serve(table, 'n2', 'shop', 9)
  serve(table, 'n3', 'shop', 1)
  serve(table, 'n4', 'shop', 1)
  expect(chosenShare(table, 'shop', 'n2')).toBeGreaterThan(0.75)
})

test('a node that is busy from here is passed over while it is', () => {
  let busy = 5
  const table = newTable((id) => (id === 'n2' ? busy : 0))
  serve(table, 'n2', 'shop')
  serve(table, 'n3', 'shop')
  expect(chosenShare(table, 'shop', 'n2')).toBe(0)
  busy = 0
  expect(chosenShare(table, 'shop', 'n2')).toBeGreaterThan(0.3)
})

test('a node is passed over that is unreachable, left, tried, or worse than another', () => {
  const table = newTable()
  serve(table, 'n2', 'shop')
  expect(table.choose('shop', 0, { triedNodes: new Set(['n2']) })).toBeUndefined()
  table.unreachable('n2', 0)
  expect(table.choose('shop', 0)).toBeUndefined()
  table.reachable('n2')
  table.suspensions.failed('n2', 0)
  serve(table, 'n3', 'shop')
  expect(chosenShare(table, 'shop', 'n2')).toBe(0)
  expect(table.choose('shop', 999, { triedNodes: new Set(['n3']) })?.id).toBe('n2')
  table.unreachable('n3', 0)
  expect(table.choose('shop', 999)?.id).toBe('n2')
  table.left('n2', 0)
  table.reachable('n2')
  expect(table.choose('shop', 2_000)).toBeUndefined()
})

test('an endpoint whose service a node cannot reach is sought elsewhere, others are not', () => {
  const table = newTable()
  for (const id of ['n2', 'n3']) for (const endpoint of ['shop', 'wiki']) serve(table, id, endpoint)
  table.declined('n2', 'shop', 0)
  expect(chosenShare(table, 'shop', 'n2')).toBe(0)
  expect(chosenShare(table, 'wiki', 'n2')).toBeGreaterThan(0.3)
  const triedNodes = new Set(['n3'])
  expect(table.choose('shop', 0, { triedNodes })?.id).toBe('n2')
  expect(table.choose('shop', 0, { triedNodes, soundOnly: true })).toBeUndefined()
  expect(table.choose('shop', 1_000, { triedNodes, soundOnly: true })?.id).toBe('n2')
})

test('an endpoint that went away moments ago is worth a wait, others are not', () => {
  const table = newTable()
  serve(table, 'n2', 'shop')
  serve(table, 'n3', 'shop')
  table.deleted('n3', endpointKey('shop'), 100)
  expect(table.vanishedRecently('shop', 100)).toBe(false)
  table.unreachable('n2', 200)
  expect(table.vanishedRecently('shop', 2_200)).toBe(true)
  expect(table.vanishedRecently('shop', 2_201)).toBe(false)
  expect(table.vanishedRecently('never', 200)).toBe(false)
  serve(table, 'n4', 'shop')
  expect(table.vanishedRecently('shop', 300)).toBe(false)
})

test('addresses come from keys, and unknown keys or counts mean nothing', () => {
  const table = newTable()
  table.joined('n2', '10.0.0.2:1', 0)
  table.upserted('n2', 'proxy_addr', '10.0.0.2:8000', 0)
  table.upserted('n2', 'admin_addr', '10.0.0.2:8002', 0)
  table.upserted('n2', 'colour', 'blue', 0)
  for (const value of ['-1', '0', 'x', '1e9', '']) {
    table.upserted('n2', endpointKey('shop'), value, 0)
  }
  expect(table.node('n2')).toMatchObject({
    gossipAddress: '10.0.0.2:1',
    proxyAddress: '10.0.0.2:8000',
    adminAddress: '10.0.0.2:8002',
  })
  expect(table.node('n2')?.endpoints.size).toBe(0)
})

test('endpoint ids are data, whatever they are called', () => {
  const table = newTable()
  serve(table, 'n2', '__proto__')
  serve(table, 'n2', 'constructor')
  expect(table.choose('__proto__', 0)?.id).toBe('n2')
  expect(table.choose('toString', 0)).toBeUndefined()
})

const step = fc.record({
  what: fc.constantFrom('joined', 'reachable', 'unreachable', 'left', 'expired', 'set', 'delete'),
  id: fc.constantFrom('me', 'n2', 'n3', 'n4'),
  endpoint: fc.constantFrom('a', 'b', 'c'),
  count: fc.nat({ max: 3 }),
})

test('whatever is told in whatever order, choices and owners agree with the nodes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const table = newTable()
      for (const [now, { what, id, endpoint, count }] of steps.entries()) {
        if (what === 'joined') table.joined(id, 'x:1', now)
        else if (what === 'reachable') table.reachable(id)
        else if (what === 'set') table.upserted(id, endpointKey(endpoint), String(count), now)
        else if (what === 'delete') table.deleted(id, endpointKey(endpoint), now)
        else table[what](id, now)
        for (const name of ['a', 'b', 'c']) {
          const expected = [...table.nodes()]
            .filter((node) => node.id !== 'me' && node.status === 'reachable')
            .filter((node) => node.endpoints.has(name))
            .map((node) => node.id)
          const candidates = table.candidates(name).map((node) => node.id)
          expect(candidates.sort()).toEqual(expected.sort())
        }
      }
    }),
  )
})
