import { expect, test } from 'vitest'
import { AS_TOLD, outcomeOf } from './scenario.ts'

test('an endpoint is routed to its owner from everywhere, and nowhere once it is gone', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3
    n1 has shop 2
    agree within 1s
    n2 routes shop to n1
    n3 routes shop to n1
    n1 has shop 0
    agree within 1s
    n2 routes shop nowhere
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a crashed node is seen in six seconds, forgotten in two minutes, and stays forgotten', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3 n4 n5
    n5 has shop 1
    agree within 2s
    crash n5
    wait 6s
    n1 holds n5 unreachable
    n4 routes shop nowhere
    wait 114s
    n1 holds n5 unknown
    n4 holds n5 unknown
    wait 3m
    n2 holds n5 unknown
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a restart under the same id replaces the old state at once', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3
    n3 has old 1
    agree within 1s
    restart n3
    n3 has new 1
    agree within 1s
    n1 routes old nowhere
    n1 routes new to n3
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a node that slept through the death of another does not bring it back', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3
    n2 has shop 1
    agree within 1s
    pause n3
    crash n2
    wait 30m
    n1 holds n2 unknown
    resume n3
    wait 3s
    n1 holds n2 unknown
    agree within 10s
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a partition longer than any memory of the dead heals by itself', () => {
  const outcome = outcomeOf(`
    start n1 n2
    n1 has shop 1
    agree within 1s
    cut n1 | n2
    wait 70m
    n2 routes shop nowhere
    heal
    agree within 5s
    n2 routes shop to n1
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a node that only hears nothing takes nobody with it', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3 n4
    n1 has shop 1
    agree within 1s
    silence n2 n3 n4 > n1
    wait 2m
    n2 holds n3 reachable
    n3 holds n4 reachable
    heal
    agree within 5s
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a node that joins after a death learns of the living only', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3
    agree within 1s
    crash n3
    wait 10s
    start n4
    agree within 1s
    n4 holds n3 unknown
    wait 2m
    n4 holds n3 unknown
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a node that left stays left, and its id may come back', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3
    n3 has shop 1
    agree within 1s
    leave n3
    wait 1s
    n1 holds n3 left
    n2 routes shop nowhere
    crash n3
    wait 30s
    n1 holds n3 left
    start n3
    agree within 1s
    n1 holds n3 reachable
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('half of all packets may be lost', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3 n4 n5
    agree within 5s
    lose 50 %
    n1 has shop 1
    agree within 4s
    crash n5
    wait 15s
    n1 holds n5 unreachable
    n1 holds n4 reachable
  `)
  expect(outcome).toBe(AS_TOLD)
})

test('a sentence that is not true is told with its time', () => {
  const outcome = outcomeOf('start n1\nwait 2s\nn1 holds n2 reachable')
  expect(outcome).toBe('n1 holds n2 reachable at 2000.0 ms: it is unknown')
  expect(() => outcomeOf('dance n1')).toThrow('no such sentence')
})

test('a snapshot that no packet can hold is fetched over a stream', () => {
  const outcome = outcomeOf(
    `
    start n1 n2
    agree within 1s
    cut n1 | n2
    n1 serves 120 endpoints
    n1 has brief 1
    n1 has brief 0
    wait 3s
    heal
    agree within 3s
  `,
    { config: { deletedKeyMs: 1_000, packetsPerAnswerMax: 1 } },
  )
  expect(outcome).toBe(AS_TOLD)
})

test('what waits in the buffers of a paused node is no news of the dead', () => {
  const outcome = outcomeOf(`
    start n1 n2 n3
    agree within 1s
    pause n3
    wait 3s
    crash n2
    wait 70s
    n1 holds n2 unknown
    start n4
    cut n1 | n3
    resume n3
    wait 2s
    n4 holds n2 unknown
  `)
  expect(outcome).toBe(AS_TOLD)
})
