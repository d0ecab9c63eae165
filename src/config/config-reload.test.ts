import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { RecordingLogger } from '../log/recording-logger.ts'
import { ConfigReload } from './config-reload.ts'
import { orFile } from './file-fields.ts'
import { loadCommand } from './load-config.ts'
import { duration, integer } from './number-fields.ts'
import { items, section } from './section.ts'
import type { ConfigOf } from './section.ts'
import { choice, secret, text } from './text-fields.ts'

const help = 'Explained elsewhere.'

const root = section({
  log: section({ level: choice(['info', 'warn'], { help }) }, { reload: true }),
  proxy: section({
    port: integer({ help, default: 1 }),
    timeoutMs: duration({ help, reload: true }),
  }),
  listeners: items(section({ id: text({ help }) }), { help, reload: true }),
  ...orFile('token', secret({ help, reload: true })),
})

type Config = ConfigOf<typeof root>

/** A program with a configuration in a file, which records what it is given. */
function running(yaml: string, take: (config: Config) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'piko-reload-'))
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content)
  write('token', 'one\n')
  write('piko.yaml', yaml.replaceAll('FOLDER', folder))
  const argv = ['--config.path', join(folder, 'piko.yaml')]
  const load = () => loadCommand({ root, own: section({}), argv, env: {} })
  const logger = new RecordingLogger()
  const taken: Config[] = []
  let wake: () => void = () => {}
  const target = {
    reload(config: Config) {
      take(config)
      taken.push(config)
      wake()
    },
  }
  const { config, files } = load()
  const reload = new ConfigReload({ root, config, files, load }, target, { logger })
  onTestFinished(() => {
    reload.close()
    rmSync(folder, { recursive: true })
  })
  const takes = async () => new Promise<void>((resolve) => (wake = resolve))
  return { write, reload, logger, taken, takes, folder }
}

test('a changed file is taken over, and what changed is named', async () => {
  const { write, reload, logger, taken } = running('proxy: { timeout: 1s }\n')
  write('piko.yaml', 'proxy: { timeout: 2s }\nlog: { level: warn }\nlisteners: [{ id: a }]\n')
  await reload.reload({ signal: 'SIGHUP' })
  expect(taken).toMatchObject([{ proxy: { timeoutMs: 2_000 }, listeners: [{ id: 'a' }] }])
  expect(logger.entries).toMatchObject([
    {
      message: 'configuration reloaded',
      fields: { signal: 'SIGHUP', settings: ['log.level', 'proxy.timeout', 'listeners'] },
    },
  ])
})

test('nobody has to ask: the file is watched', async () => {
  const { write, takes, taken } = running('log: { level: info }\n')
  const next = takes()
  write('piko.yaml', 'log: { level: warn }\n')
  await next
  expect(taken[0]?.log.level).toBe('warn')
})

test('files that settings name are watched, those of a new configuration too', async () => {
  const { write, takes, taken, folder, reload } = running('log: { level: info }\n')
  write('piko.yaml', `token_file: ${folder}/token\n`)
  await reload.reload({})
  const next = takes()
  write('token', 'two\n')
  await next
  expect(taken.at(-1)?.token.reveal()).toBe('two')
})

test('what cannot change is named in a warning, until it has its old value again', async () => {
  const { write, reload, logger } = running('proxy: { port: 1 }\n')
  const warnings = () =>
    logger.entries.flatMap(({ level, fields }) => (level === 'warn' ? [fields['settings']] : []))
  write('piko.yaml', 'proxy: { port: 2 }\n')
  await reload.reload({})
  await reload.reload({})
  expect(logger.entries.at(-1)?.message).toMatch(/^these settings need a restart/)
  expect(warnings()).toEqual([['proxy.port'], ['proxy.port']])
  write('piko.yaml', 'proxy: { port: 1 }\n')
  await reload.reload({})
  expect(warnings().length).toBe(2)
})

test('a wrong file changes nothing, and every problem is logged', async () => {
  const { write, reload, logger, taken, folder } = running('proxy: { timeout: 1s }\n')
  write('piko.yaml', 'proxy:\n  timout: 2s\n  port: many\ntoken: hunter2\nx: [hunter2]\n')
  await reload.reload({ signal: 'SIGHUP' })
  expect(taken).toEqual([])
  expect(logger.entries.map(({ level, message, fields }) => ({ level, message, fields }))).toEqual([
    {
      level: 'error',
      message: 'configuration problem',
      fields: {
        at: `${folder}/piko.yaml:2:3`,
        problem: 'proxy: unknown key "timout"',
        'did-you-mean': 'timeout',
      },
    },
    {
      level: 'error',
      message: 'configuration problem',
      fields: {
        at: `${folder}/piko.yaml:3:9`,
        problem: 'proxy: port is not a whole number',
        allowed: 'a whole number',
      },
    },
    expect.objectContaining({ message: 'configuration problem' }),
    {
      level: 'error',
      message: 'configuration not reloaded; the old one stays in force',
      fields: { signal: 'SIGHUP', reason: 'the configuration is wrong' },
    },
  ])
  expect(JSON.stringify(logger.entries)).not.toContain('hunter2')
})

test('a program that cannot take it keeps the old one, and the next attempt counts', async () => {
  let refuses = true
  const { write, reload, logger, taken } = running('proxy: { timeout: 1s }\n', () => {
    if (refuses) throw new Error('the key does not fit')
  })
  write('piko.yaml', 'proxy: { timeout: 2s }\n')
  await reload.reload({})
  expect(logger.entries.at(-1)).toMatchObject({
    level: 'error',
    fields: { reason: 'the key does not fit' },
  })
  refuses = false
  await reload.reload({})
  expect(taken.length).toBe(1)
  expect(logger.entries.at(-1)).toMatchObject({ fields: { settings: ['proxy.timeout'] } })
})

test('a secret that changed is noticed, and not told', async () => {
  const { write, reload, logger } = running('token: hunter1\n')
  write('piko.yaml', 'token: hunter2\n')
  await reload.reload({})
  expect(logger.entries[0]?.fields['settings']).toEqual(['token'])
  expect(JSON.stringify(logger.entries)).not.toContain('hunter')
})
