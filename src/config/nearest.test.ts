import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const known = ['bind_addr', 'advertise_addr', 'timeout', 'access_log', 'tls', 'auth']

test.each([
  ['bind_adr', 'bind_addr'],
  ['bindAddr', 'bind_addr'],
  ['bind-addr', 'bind_addr'],
  ['tiemout', 'timeout'],
  ['timeouts', 'timeout'],
  ['tsl', 'tls'],
  ['advertised_address', 'advertise_addr'],
  ['colour', undefined],
  ['x', undefined],
  ['', undefined],
  ['z'.repeat(10_000), undefined],
])('%s means %s', (written, meant) => {
  expect(nearest(written, known)).toBe(meant)
})
