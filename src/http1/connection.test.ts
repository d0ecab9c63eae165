import { expect, test } from 'vitest'
import { readConnection } from './connection.ts'

test('options and names are read from all lines, in lower case', () => {
  const fields = ['Connection', 'Keep-Alive, ,X-Mine', 'connection', 'close']
  expect(readConnection(fields)).toEqual({
    close: true,
    keepAlive: true,
    upgrade: false,
    names: new Set(['x-mine']),
  })
})

test('a head without the field says nothing', () => {
  expect(readConnection(['A', 'close'])).toEqual({
    close: false,
    keepAlive: false,
    upgrade: false,
    names: new Set(),
  })
})

test.each(['close', 'Keep-Alive', 'UPGRADE', 'keep-alive, Upgrade'])(
  'what %s means does not depend on whether it comes alone',
  (value) => {
    const alone = readConnection(['Connection', value])
    const beside = readConnection(['Connection', value, 'Connection', ''])
    expect(alone).toEqual(beside)
  },
)
