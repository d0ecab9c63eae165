import { expect, test } from 'vitest'
import { NetworkSet, isNetwork } from './network-set.ts'

test('addresses and networks of both families are recognised', () => {
  const trusted = new NetworkSet(['10.0.0.0/8', '192.168.1.7', 'fd00::/8', '::1'])
  for (const address of ['10.255.0.1', '192.168.1.7', 'fd12::3', '::1']) {
    expect([address, trusted.includes(address)]).toEqual([address, true])
  }
  for (const address of ['11.0.0.1', '192.168.1.8', 'fe80::1', '']) {
    expect([address, trusted.includes(address)]).toEqual([address, false])
  }
})

test('an empty set has nobody', () => {
  expect(new NetworkSet([]).includes('127.0.0.1')).toBe(false)
})

test.each(['10.0.0.0/8', '0.0.0.0/0', '1.2.3.4/32', '1.2.3.4', '::/0', '::1/128', 'fd00::'])(
  '%s is a network',
  (text) => {
    expect(isNetwork(text)).toBe(true)
    expect(() => new NetworkSet([text])).not.toThrow()
  },
)

test.each(['', '10.0.0.0/33', '::/129', '10.0.0/8', 'a.example', '1.2.3.4/', '1.2.3.4/8/8', '/8'])(
  '"%s" is none',
  (text) => {
    expect(isNetwork(text)).toBe(false)
  },
)
