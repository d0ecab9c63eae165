import { setImmediate } from 'node:timers'
import { expect, test } from 'vitest'
import { loadConfig } from '../config/load-config.ts'
import { RecordingLogger } from '../log/recording-logger.ts'
import { agentHttpConfig } from './config.ts'
import type { ListenerConfig } from './config.ts'
import { ListenerSet } from './listener-set.ts'
import type { ListenerNews } from './listener-set.ts'

const { timeoutMs, accessLog, httpClient, tls } = loadConfig(agentHttpConfig, {})

function listener(endpointId: string, addr: string): ListenerConfig {
  return { endpointId, addr, protocol: 'http', timeoutMs, accessLog, httpClient, tls }
}

/** A set of listeners that only note what they are told. */
function listenerSet() {
  const events: string[] = []
  const news = new Map<string, ListenerNews>()
  const drained = new Map<string, () => void>()
  const set = new ListenerSet({
    create({ endpointId, addr }, told) {
      const name = `${endpointId}@${addr}`
      news.set(name, told)
      return {
        exchangeCount: 1,
        start: () => void events.push(`start ${name}`),
        async drain() {
          events.push(`drain ${name}`)
          await new Promise<void>((resolve) => drained.set(name, resolve))
        },
        close: () => void events.push(`close ${name}`),
      }
    },
    logger: new RecordingLogger(),
    graceMs: () => 1_000_000,
    allRefused: () => void events.push('all refused'),
  })
  return { set, events, news, drained }
}

/** Lets everything go on that waits for promises. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

test('what stays is left alone, what is new starts, what is gone drains and closes', async () => {
  const { set, events, drained } = listenerSet()
  set.configure([listener('a', '1'), listener('b', '2')])
  set.configure([listener('b', '2'), listener('c', '3')])
  await settled()
  expect(events).toEqual(['start a@1', 'start b@2', 'start c@3', 'drain a@1'])
  expect(set.exchangeCount).toBe(3)
  drained.get('a@1')?.()
  await settled()
  expect(events.at(-1)).toBe('close a@1')
  expect(set.exchangeCount).toBe(2)
})

test('a listener that changed drains once its successor is connected', async () => {
  const { set, events, news } = listenerSet()
  set.configure([listener('a', '1')])
  set.configure([listener('a', '2')])
  await settled()
  expect(events).toEqual(['start a@1', 'start a@2'])
  news.get('a@2')?.connected()
  await settled()
  expect(events.at(-1)).toBe('drain a@1')
})

test('two listeners that are configured alike are two', () => {
  const { set, events } = listenerSet()
  set.configure([listener('a', '1'), listener('a', '1')])
  expect(events).toEqual(['start a@1', 'start a@1'])
})

test('only when the last one is refused there is nothing left', () => {
  const { set, events, news } = listenerSet()
  set.configure([listener('a', '1'), listener('b', '2')])
  news.get('a@1')?.refused()
  expect(events).not.toContain('all refused')
  news.get('b@2')?.refused()
  expect(events.at(-1)).toBe('all refused')
})

test('everything that is left is closed, what is leaving too', async () => {
  const { set, events } = listenerSet()
  set.configure([listener('a', '1')])
  set.configure([listener('b', '2')])
  await settled()
  set.close()
  expect(events.slice(-2).toSorted()).toEqual(['close a@1', 'close b@2'])
})
