import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'
import { completionScript } from './completion.ts'

const folder = mkdtempSync(join(tmpdir(), 'piko-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const script = join(folder, 'piko.bash')
writeFileSync(script, completionScript('bash', COMMANDS))

/** What bash offers for the last word of a command line. */
function offered(words: readonly string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ')
  const ask = `source ${script}; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}
    _piko; printf '%s\\n' "\${COMPREPLY[@]}"`
  const output = execFileSync('bash', ['-c', ask], { encoding: 'utf8', cwd: folder })
  return output.split('\n').filter((line_) => line_ !== '')
}

test('bash offers the first words of all commands', () => {
  expect(offered(['piko', ''])).toEqual([...new Set(COMMANDS.map(({ words }) => words[0]))])
})

test.each([
  [['piko', 'ser'], ['server']],
  [
    ['piko', 'agent', ''],
    ['http', 'start'],
  ],
  [['piko', 'status', 'cl'], ['cluster']],
  [
    ['piko', 'server', 'status', 'gossip', 'node'],
    ['nodes', 'node'],
  ],
  [['piko', 'server', '--proxy.b'], ['--proxy.bind-addr']],
  [
    ['piko', 'server', '--hel'],
    ['--help', '--help-all'],
  ],
  [['piko', 'server', '--log.level', 'w'], ['warn']],
  [
    ['piko', 'server', '--log.level', '=', ''],
    ['debug', 'info', 'warn', 'error'],
  ],
  [['piko', 'server', '--log.level', '=', 'e'], ['error']],
  [['piko', 'server', '--config.path', 'piko.b'], ['piko.bash']],
  [['piko', 'agent', 'http', '--connect.token-file', 'piko'], ['piko.bash']],
  [['piko', 'agent', 'http', 'orders', '3000', '--connect.ur'], ['--connect.url']],
  [['piko', 'bogus', '--proxy'], []],
])('bash completes %j', (words, expected) => {
  const found = offered(words)
  expect(found).toEqual(expect.arrayContaining(expected))
  expect(found.filter((word) => !word.startsWith(words.at(-1) ?? ''))).toEqual(
    words.at(-1) === '=' ? expected : [],
  )
})

test.each(['bash', 'zsh', 'fish'] as const)(
  'the script for %s parses, where it exists',
  (shell) => {
    const file = join(folder, `piko.${shell}`)
    writeFileSync(file, completionScript(shell, COMMANDS))
    const parse = `! command -v ${shell} >/dev/null || ${shell} -n ${file}`
    expect(() => execFileSync('sh', ['-c', parse])).not.toThrow()
  },
)

test.each(['zsh', 'fish'] as const)('the script for %s has every command and flag', (shell) => {
  const text = completionScript(shell, COMMANDS)
  expect(text).toContain('proxy.bind-addr')
  for (const { summary } of COMMANDS) expect(text).toContain(summary.replaceAll("'", `'\\''`))
})
