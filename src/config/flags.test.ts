import { expect, test } from 'vitest'
import { parseFlags } from './flags.ts'
import { formatProblem } from './format-problems.ts'
import { duration, flag } from './number-fields.ts'
import { items, list, section } from './section.ts'
import { address, text } from './text-fields.ts'

const help = 'Explained elsewhere.'

const root = section({
  proxy: section({
    bindAddr: address({ help, default: ':8000' }),
    timeoutMs: duration({ help, default: '30s', aliases: ['wait'] }),
    verbose: flag({ help }),
    only: text({ help, yamlOnly: true }),
  }),
  join: list({ help }),
  tenants: items(section({ id: text({ help }) }), { help }),
})

function parsed(...argv: string[]) {
  const { flags, positionals, problems } = parseFlags([root], argv)
  const texts = Object.fromEntries(
    [...flags].map(([name, given]) => [name, given.map((one) => one.text)]),
  )
  return { texts, positionals, problems: problems.map(formatProblem) }
}

test('values stand behind the flag or behind an equals sign', () => {
  expect(parsed('--proxy.bind-addr', ':1', '--proxy.timeout=5s')).toEqual({
    texts: { 'proxy.bind-addr': [':1'], 'proxy.timeout': ['5s'] },
    positionals: [],
    problems: [],
  })
})

test('positionals may stand anywhere, and two dashes end the flags', () => {
  const { positionals, texts } = parsed('http', '--proxy.verbose', 'a', '--', '--proxy.verbose=no')
  expect(positionals).toEqual(['http', 'a', '--proxy.verbose=no'])
  expect(texts).toEqual({ 'proxy.verbose': ['true'] })
})

test.each([
  ['--proxy.verbose', 'true'],
  ['--proxy.verbose=true', 'true'],
  ['--proxy.verbose=false', 'false'],
  ['--no-proxy.verbose', 'false'],
])('the boolean %s is %s', (argument, value) => {
  expect(parsed(argument).texts).toEqual({ 'proxy.verbose': [value] })
})

test('a repeated flag keeps every value, in order', () => {
  expect(parsed('--join', 'a,b', '--join=c').texts).toEqual({ join: ['a,b', 'c'] })
})

test('an earlier name means the present flag', () => {
  expect(parsed('--proxy.wait=5s').texts).toEqual({ 'proxy.timeout': ['5s'] })
})

test.each([
  [['--proxy.timout', '5s'], 'unknown flag --proxy.timout', '--proxy.timeout'],
  [['--proxy.bind_addr=:1'], 'unknown flag --proxy.bind_addr', '--proxy.bind-addr'],
  [['--bind-addr', ':1'], 'unknown flag --bind-addr', '--proxy.bind-addr'],
])('%j is unknown, and the flag that was meant is named', (argv, problem, suggestion) => {
  const { problems, positionals } = parsed(...argv)
  expect(problems).toEqual([`${problem}\n  did you mean ${suggestion}?`])
  // Its value is no argument of its own.
  expect(positionals).toEqual([])
})

test.each([
  [['--nothing-like-it'], 'unknown flag --nothing-like-it'],
  [['-x'], 'unknown flag -x'],
  [['--__proto__=1'], 'unknown flag --__proto__'],
  [['--proxy.timeout'], '--proxy.timeout needs a value'],
  [['--proxy.timeout', '--proxy.verbose'], '--proxy.timeout needs a value'],
  [['--tenants=a'], '--tenants is no flag: it can only be set in the configuration file'],
  [['--proxy.only=a'], '--proxy.only is no flag: it can only be set in the configuration file'],
])('%j is refused', (argv, problem) => {
  expect(parsed(...argv).problems).toEqual([problem])
})
