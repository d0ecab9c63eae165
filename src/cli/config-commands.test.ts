import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'piko-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(yaml: string): string {
  const path = join(folder, 'piko.yaml')
  writeFileSync(path, yaml)
  return path
}

async function piko(...argv: readonly string[]) {
  const output = { code: 0, stdout: '', stderr: '' }
  output.code = await run(argv, {
    env: { SECRET: 'hunter2' },
    print: (text) => void (output.stdout += text),
    warn: (text) => void (output.stderr += text),
  })
  return output
}

const SERVER = 'proxy: { timeout: 5s }\ncluster: { secret: hunter2 }\n'
const AGENT = 'listeners: [{ endpoint_id: a, addr: 3000 }]\nconnect: { token: hunter2 }\n'

test.each([
  ['server', SERVER, 'timeout: 5s'],
  ['agent start', AGENT, 'endpoint_id: a'],
])(
  'config check shows the whole configuration of a %s, without secrets',
  async (kind, yaml, line) => {
    const { code, stdout, stderr } = await piko('config', 'check', file(yaml))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')[0]).toBe(`# piko ${kind}`)
    expect(stdout).toContain(line)
    expect(stdout).toContain('grace_period: 1m')
    expect(stdout).toContain('"***"')
    expect(stdout).not.toContain('hunter2')
  },
)

test('config check takes the kind that it is told', async () => {
  const yaml = file('log: { level: warn }\n')
  expect(await piko('config', 'check', 'server', yaml)).toMatchObject({ code: 0 })
  expect(await piko('config', 'check', 'agent', yaml)).toEqual({
    code: 2,
    stdout: '',
    stderr: `${yaml}: no listeners configured\n`,
  })
})

test('config check expands variables when it is told to', async () => {
  const yaml = file('cluster: { node_id: "${SECRET}" }\n')
  const { stdout } = await piko('config', 'check', yaml, '--config.expand-env')
  expect(stdout).toContain('node_id: hunter2')
})

test('config check of a wrong file shows all of its problems and exits with 2', async () => {
  const yaml = file('proxy:\n  timout: 1s\nlog: { level: loud }\n')
  const { code, stdout, stderr } = await piko('config', 'check', yaml)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(`${yaml}:2:3: proxy: unknown key "timout"`)
  expect(stderr).toContain(`${yaml}:3:15: log: unsupported level: loud`)
})

test.each([
  [['config', 'check'], 'piko: <file> is missing; usage: piko config check'],
  [['config', 'check', 'sever', 'x.yaml'], '"sever" is not one of'],
  [['config', 'check', 'sever', 'x.yaml'], 'did you mean server?'],
  [['config', 'check', 'server', 'x.yaml', 'y'], 'unexpected argument "y"'],
  [['config', 'check', '/nowhere.yaml'], 'cannot be read: there is no such file'],
  [['config', 'schema'], '<server|agent'],
  [['config', 'schema', 'toaster'], '"toaster" is not one of'],
  [['completion', 'bsh'], 'did you mean bash?'],
  [['completion'], '<bash|zsh|fish> is missing'],
])('piko %j exits with 2 and says %j', async (argv, message) => {
  const { code, stdout, stderr } = await piko(...argv)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

test('a file that could be for several programs has to be named', async () => {
  const { code, stderr } = await piko('config', 'check', file('log: { level: warn }\n'))
  expect(code).toBe(2)
  expect(stderr).toMatch(/could be for server or agent.*say which: piko config check server/)
})

test.each(['server', 'agent'])('config schema prints the schema of a %s', async (kind) => {
  const { code, stdout } = await piko('config', 'schema', kind)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ title: `piko ${kind}`, type: 'object' })
})
