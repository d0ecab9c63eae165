import { expect, test } from 'vitest'
import { secret, text, url } from '../config/text-fields.ts'
import { section } from '../config/section.ts'
import { maskedCommandLine } from './process-title.ts'

const help = 'Explained elsewhere.'
const root = section({
  token: secret({ help }),
  name: text({ help }),
  proxyUrl: url({ help }),
})

test.each([
  ['--token hunter2 --name a', 'piko agent http --token *** --name a'],
  ['e 3000 --token=hunter2', 'piko agent http e 3000 --token=***'],
  ['--proxy-url http://me:hunter2@proxy', 'piko agent http --proxy-url http://me:***@proxy'],
  ['--name a --token', undefined],
  ['--name hunter', undefined],
])('%j is shown as %j', (line, shown) => {
  expect(maskedCommandLine(['agent', 'http'], line.split(' '), [root])).toBe(shown)
})
