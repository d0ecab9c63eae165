import { expect, test } from 'vitest'
import { EndpointRegistry } from './endpoint-registry.ts'
import type { LocalUpstream } from './upstream.ts'

function upstream(canOpen = true, streamCount = 0): LocalUpstream {
  return { canOpen, streamCount, open: () => undefined, remoteAddress: '192.0.2.1:50000' }
}

test('upstreams of an endpoint are taken in turn', () => {
  const registry = new EndpointRegistry()
  const members = [upstream(), upstream(), upstream()]
  for (const member of members) registry.add('a', member)
  const picked = Array.from({ length: 6 }, () => registry.pick('a'))
  expect(new Set(picked.slice(0, 3))).toEqual(new Set(members))
  expect(picked.slice(3)).toEqual(picked.slice(0, 3))
})

test('the upstream with the least under way is taken, however many there are', () => {
  const registry = new EndpointRegistry()
  const idle = [upstream(), upstream()]
  const busy = Array.from({ length: 5 }, (_, i) => upstream(true, i + 1))
  for (const member of [...busy, ...idle]) registry.add('few', member)
  const picked = Array.from({ length: 4 }, () => registry.pick('few'))
  expect(picked).toEqual([...idle, ...idle])

  const many = Array.from({ length: 1_000 }, () => upstream())
  for (const member of many) registry.add('many', member)
  expect(new Set(many.map(() => registry.pick('many'))).size).toBe(1_000)
})

test('an upstream that takes no requests is passed over', () => {
  const registry = new EndpointRegistry()
  const good = upstream()
  registry.add('a', upstream(false))
  registry.add('a', good)
  expect([registry.pick('a'), registry.pick('a')]).toEqual([good, good])
})

test('an upstream that cannot reach its service is left out until nobody else is there', () => {
  const registry = new EndpointRegistry()
  const [bad, good] = [upstream(), upstream(true, 5)]
  registry.add('a', bad)
  const removeGood = registry.add('a', good)
  registry.declined(bad)
  expect([registry.pick('a'), registry.pick('a')]).toEqual([good, good])
  removeGood()
  expect(registry.pick('a')).toBeUndefined()
  expect(registry.pickSuspended('a')).toBe(bad)
})

test('an endpoint without upstreams is unknown', () => {
  const registry = new EndpointRegistry()
  expect(registry.pick('a')).toBeUndefined()
  registry.add('a', upstream(false))
  expect(registry.pick('a')).toBeUndefined()
})

test('counts are exact, and a second removal changes nothing', () => {
  const registry = new EndpointRegistry()
  const seen: [string, number][] = []
  registry.watch((endpointId, count) => seen.push([endpointId, count]))
  const removeFirst = registry.add('a', upstream())
  const removeSecond = registry.add('a', upstream())
  removeFirst()
  removeFirst()
  expect([...registry.counts()]).toEqual([['a', 1]])
  expect(registry.upstreamCount).toBe(1)
  removeSecond()
  expect(registry.endpointCount).toBe(0)
  expect(registry.upstreamCount).toBe(0)
  expect(seen).toEqual([
    ['a', 1],
    ['a', 2],
    ['a', 1],
    ['a', 0],
  ])
})

test('__proto__ is an endpoint like any other', () => {
  const registry = new EndpointRegistry()
  const member = upstream()
  registry.add('__proto__', member)
  expect(registry.pick('__proto__')).toBe(member)
  expect(registry.pick('constructor')).toBeUndefined()
})
