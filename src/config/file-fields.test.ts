import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { orFile, path } from './file-fields.ts'
import { formatProblems } from './format-problems.ts'
import { loadCommand, loadConfig } from './load-config.ts'
import { ConfigError } from './problem.ts'
import { resolvedYaml } from './resolved-yaml.ts'
import { items, section } from './section.ts'
import { secret, text } from './text-fields.ts'

const help = 'Explained elsewhere.'

const auth = section({
  ...orFile('hmacSecretKey', secret({ help })),
  ...orFile('name', text({ help, check: (name) => (name === 'no' ? 'not this one' : undefined) })),
})
const root = section({
  auth,
  tls: section({ cert: path({ help }) }),
  tenants: items(section({ auth }), { help }),
})

const folder = mkdtempSync(join(tmpdir(), 'piko-files-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

function load(yaml: string, argv: readonly string[] = []) {
  return loadConfig(root, { file: write('piko.yaml', yaml), argv })
}

function messageAbout(yaml: string, argv: readonly string[] = []): string {
  try {
    load(yaml, argv)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return formatProblems(error).replaceAll(folder, 'etc')
  }
  return 'nothing is wrong'
}

test('a file holds the value, without the line breaks at its end', () => {
  const key = write('key', ' hunter2 \r\n\n')
  const { auth: settled } = load(`auth:\n  hmac_secret_key_file: ${key}\n`)
  expect(settled.hmacSecretKey.reveal()).toBe(' hunter2 ')
  expect(settled.hmacSecretKeyFile).toBe(key)
  expect(JSON.stringify(settled)).not.toContain('hunter2')
})

test('a secret is what its file holds at the moment, and the last one while there is none', () => {
  const key = write('rotated', 'one\n')
  const { hmacSecretKey } = load(`auth:\n  hmac_secret_key_file: ${key}\n`).auth
  write('rotated', 'two\n')
  expect(hmacSecretKey.reveal()).toBe('two')
  write('rotated', '')
  expect(hmacSecretKey.reveal()).toBe('two')
  rmSync(key)
  expect(hmacSecretKey.reveal()).toBe('two')
})

test('items of lists read their files too', () => {
  const name = write('name', 'bob\n')
  const { tenants } = load(`tenants:\n  - auth:\n      name_file: ${name}\n`)
  expect(tenants[0]?.auth.name).toBe('bob')
})

test('a flag for one of the two wins over the other in the file', () => {
  const name = write('name', 'bob\n')
  const inFile = load(`auth:\n  name_file: ${name}\n`, ['--auth.name', 'ann']).auth
  expect(inFile).toMatchObject({ name: 'ann', nameFile: '' })
  const asFlag = load('auth:\n  name: ann\n', ['--auth.name-file', name]).auth
  expect(asFlag).toMatchObject({ name: 'bob', nameFile: name })
})

test.each([
  [
    'auth:\n  hmac_secret_key: a\n  hmac_secret_key_file: etc/key\n',
    `etc/piko.yaml:3:25: auth: hmac_secret_key and hmac_secret_key_file cannot both be set
    3 |   hmac_secret_key_file: etc/key
      |                         ^^^^^^^`,
  ],
  [
    'auth:\n  hmac_secret_key_file: /nowhere/key\n',
    `etc/piko.yaml:2:25: auth: hmac secret key file cannot be read: there is no such file
    2 |   hmac_secret_key_file: /nowhere/key
      |                         ^^^^^^^^^^^^`,
  ],
  [
    'tenants:\n  - auth: { name_file: / }\n',
    `etc/piko.yaml:2:24: tenants[0]: auth: name file cannot be read: it is a directory
    2 |   - auth: { name_file: / }
      |                        ^`,
  ],
])('%j is refused at its place', (yaml, message) => {
  expect(messageAbout(yaml)).toBe(message)
})

test('what a file holds is checked like what is written in place', () => {
  expect(messageAbout('{}', ['--auth.name-file', write('bad', 'no\n')])).toBe(
    '--auth.name-file: auth: not this one\n  found: "etc/bad"'.replaceAll('"', ''),
  )
  expect(messageAbout('{}', ['--auth.name-file', write('empty', '\n')])).toBe(
    '--auth.name-file: auth: name file is empty\n  found: etc/empty',
  )
})

test('a configuration that reads a file is written so that it loads again', () => {
  const key = write('key', 'hunter2\n')
  const yaml = resolvedYaml(root, load(`auth:\n  hmac_secret_key_file: ${key}\n`))
  expect(yaml).not.toContain('hmac_secret_key:')
  expect(load(yaml).auth.hmacSecretKey.reveal()).toBe('hunter2')
})

test('every file that the configuration depends on is named', () => {
  const [key, cert] = [write('key', 'a\n'), join(folder, 'cert.pem')]
  const yaml = `tls: { cert: ${cert} }\ntenants: [{ auth: { hmac_secret_key_file: ${key} } }]\n`
  const file = write('piko.yaml', yaml)
  const argv = ['--config.path', file]
  const { files } = loadCommand({ root, own: section({}), argv, env: {} })
  expect(files).toEqual([file, cert, key])
})
