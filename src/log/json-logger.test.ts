import { closeSync, openSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { SecretText } from '../config/secret-text.ts'
import { CodedError } from '../std/errors.ts'
import type { LogConfig } from './config.ts'
import { FdWriter } from './fd-writer.ts'
import { openLog } from './json-logger.ts'

function logged(config: Partial<LogConfig> = {}) {
  const lines: string[] = []
  const log = openLog(
    { level: 'info', subsystems: [], ...config },
    { write: (line) => lines.push(Buffer.from(line).toString()) },
  )
  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { ...log, lines, entries, messages: () => entries().map(({ msg }) => msg) }
}

test('a line has level, ts, subsystem and msg in this order, then the fields', () => {
  const { logger, lines } = logged()
  logger.child('proxy').child('access', { node: 'n1' }).info('request', { status: 200 })
  expect(lines[0]).toMatch(
    /^\{"level":"info","ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",.*\}\n$/,
  )
  expect(lines[0]).toContain(
    '"subsystem":"proxy.access","node":"n1","msg":"request","status":200}\n',
  )
})

test('messages below the level are not written', () => {
  const { logger, messages } = logged({ level: 'warn' })
  logger.debug('a')
  logger.info('b')
  logger.warn('c')
  logger.error('d')
  expect(messages()).toEqual(['c', 'd'])
  expect(logger.isEnabled('info')).toBe(false)
  expect(logger.isEnabled('warn')).toBe(true)
})

test('a listed subsystem and the ones below it write everything, similar names do not', () => {
  const { logger, messages } = logged({ level: 'error', subsystems: ['proxy'] })
  logger.child('proxy').debug('itself')
  logger.child('proxy').child('access').debug('below')
  logger.child('proxy.http').child('access').debug('further below')
  logger.child('proxying').debug('another')
  logger.debug('root')
  expect(messages()).toEqual(['itself', 'below', 'further below'])
})

test('a change of levels reaches loggers that exist already', () => {
  const log = logged()
  const { logger, messages } = log
  const gossip = logger.child('gossip')
  gossip.debug('before')
  log.configure({ level: 'error', subsystems: ['gossip'] })
  gossip.debug('after')
  logger.warn('elsewhere')
  expect(messages()).toEqual(['after'])
})

test('an error is written as its text with causes and its code', () => {
  const { logger, entries } = logged()
  const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  const error = new CodedError('dial', 'cannot reach node', { cause })
  logger.warn('a', { error })
  logger.warn('b', { first: cause })
  expect(entries()).toMatchObject([
    { error: 'cannot reach node: connect refused', code: 'dial' },
    { first: { error: 'connect refused', code: 'ECONNREFUSED' } },
  ])
})

test('secrets, circles and names that are taken do no harm', () => {
  const { logger, lines, entries } = logged()
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  logger.info('a', { token: new SecretText('hunter2'), circle, level: 'high', size: 10n })
  expect(lines[0]).not.toContain('hunter2')
  expect(entries()).toMatchObject([{ level: 'info', msg: 'a', token: '***', level_: 'high' }])
})

test('a destination that throws or fails does not end the program', async () => {
  const config = { level: 'info', subsystems: [] } as const
  const throwing = openLog(config, {
    write: () => {
      throw new Error('broken')
    },
  })
  throwing.logger.info('lost')
  const stream = new PassThrough()
  openLog(config, stream)
  stream.destroy(new Error('EPIPE'))
  await expect(throwing.close()).resolves.toBeUndefined()
})

test('a full disk loses messages and nothing else', async () => {
  const fd = openSync('/dev/full', 'w')
  const writer = new FdWriter(fd)
  const log = openLog({ level: 'info', subsystems: [] }, writer)
  log.logger.info('one')
  log.logger.info('two')
  await log.close()
  expect(writer.lost).toBe(2)
  closeSync(fd)
})
