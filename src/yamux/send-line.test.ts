import { expect, test } from 'vitest'
import { SendLine } from './send-line.ts'
import type { Sender } from './send-line.ts'

/** Stands in `line` for a number of turns and writes down each. */
function sender(line: SendLine, log: string[], name: string, turns: number): Sender {
  let left = turns
  const self: Sender = {
    takeTurn() {
      log.push(name)
      left -= 1
      if (left > 0) line.join(self)
    },
    stalled: () => log.push(`${name} stalled`),
  }
  line.join(self)
  return self
}

test('those in line take turns, one share each, until all are done', () => {
  const line = new SendLine(60_000)
  const log: string[] = []
  line.setCongested(true, 0)
  sender(line, log, 'a', 3)
  sender(line, log, 'b', 1)
  sender(line, log, 'c', 2)
  line.setCongested(false, 0)
  expect(log.join('')).toBe('abcaca')
  expect(line.isBusy).toBe(false)
})

test('a transport that fills up stops the round, which later goes on where it was', () => {
  const line = new SendLine(60_000)
  const log: string[] = []
  line.setCongested(true, 0)
  sender(line, log, 'a', 2)
  const full: Sender = {
    takeTurn() {
      log.push('full')
      line.setCongested(true, 0)
    },
    stalled: () => undefined,
  }
  line.join(full)
  sender(line, log, 'c', 1)
  line.setCongested(false, 0)
  expect(log).toEqual(['a', 'full'])
  line.setCongested(false, 0)
  expect(log).toEqual(['a', 'full', 'c', 'a'])
})

test('a turn that reports room does not start a second round inside the first', () => {
  const line = new SendLine(60_000)
  const log: string[] = []
  line.setCongested(true, 0)
  const nested: Sender = {
    takeTurn() {
      log.push('in')
      line.setCongested(true, 0)
      line.setCongested(false, 0)
      log.push('out')
    },
    stalled: () => undefined,
  }
  line.join(nested)
  sender(line, log, 'b', 1)
  line.setCongested(false, 0)
  expect(log).toEqual(['in', 'out', 'b'])
})

test('only a transport that takes nothing at all stalls those in line', () => {
  const line = new SendLine(60_000)
  const log: string[] = []
  line.setCongested(true, 0)
  sender(line, log, 'a', 1)
  line.tick(59_999)
  line.setCongested(true, 50_000)
  line.tick(109_999)
  expect(log).toEqual([])
  line.tick(110_000)
  expect(log).toEqual(['a stalled'])
})

test('who has left the line gets no turn', () => {
  const line = new SendLine(60_000)
  const log: string[] = []
  line.setCongested(true, 0)
  line.leave(sender(line, log, 'a', 1))
  line.setCongested(false, 0)
  expect(log).toEqual([])
})
