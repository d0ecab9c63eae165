import { expect, test } from 'vitest'
import { loadConfig } from '../config/load-config.ts'
import { serverConfig } from './config.ts'

const trusting = (proxies: string) =>
  loadConfig(serverConfig, { argv: ['--proxy.trusted-proxies', proxies] }).proxy.trustedProxies

test('trusted proxies are addresses and networks', () => {
  expect(trusting('10.0.0.0/8,::1')).toEqual(['10.0.0.0/8', '::1'])
})

test.each(['10.0.0.0/33', 'lb.example', '10.0.0.0/8,x'])('"%s" are no trusted proxies', (text) => {
  expect(() => trusting(text)).toThrow('not an address or a network')
})
