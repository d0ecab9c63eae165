import { expect, test } from 'vitest'
import type { CommandContext } from './command.ts'
import { COMMANDS } from './commands.ts'
import { run } from './run.ts'

async function printed(argv: readonly string[], colors?: CommandContext['colors']) {
  const output = { code: 0, stdout: '', stderr: '' }
  output.code = await run(argv, {
    env: {},
    print: (text) => void (output.stdout += text),
    warn: (text) => void (output.stderr += text),
    ...(colors !== undefined && { colors }),
  })
  return output
}

test.each(COMMANDS.map(({ words }) => words))(
  'the help of %s %s fits on a screen',
  async (...words) => {
    const { code, stdout } = await printed([...words, '--help'])
    expect(code).toBe(0)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(41)
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
  },
)

test('a short help names what the long one explains', async () => {
  const { stdout: short } = await printed(['server', '--help'])
  expect(short).toContain('--proxy.bind-addr')
  expect(short).toContain('More, which --help-all explains: ')
  expect(short).not.toContain('--proxy.http.idle-timeout')
  const { code, stdout: long } = await printed(['server', '--help-all'])
  expect(code).toBe(0)
  expect(long).toContain('--proxy.http.idle-timeout <duration>')
})

test('help and problems have colours where they are wanted, and only there', async () => {
  const colors = { print: true, warn: true }
  expect((await printed(['server', '--help'], colors)).stdout).toContain('\u001b[1mUsage:')
  expect((await printed(['server', '--log.levl', 'x'], colors)).stderr).toContain('\u001b[32m')
  expect((await printed(['server', '--help'])).stdout).not.toContain('\u001b')
  expect((await printed(['server', '--log.levl', 'x'])).stderr).not.toContain('\u001b')
})

test.each([
  [['agent', '--endpoints', 'orders'], 'orders has no address behind a slash'],
  [['agent', '--endpoints', 'a/1,/2'], 'an endpoint has no name'],
  [['agent', 'http', '--endpoints', 'a/over there'], 'over there is no address'],
  [['agent', 'http'], '<endpoint> is missing'],
  [['agent', 'orders'], '<addr> is missing'],
])('piko %j is refused', async (argv, message) => {
  const { code, stderr } = await printed(argv)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
