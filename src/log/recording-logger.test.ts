import { expect, test } from 'vitest'
import { RecordingLogger } from './recording-logger.ts'

test('children write into the same list, with their subsystem and fields', () => {
  const logger = new RecordingLogger()
  logger.info('started')
  logger.child('proxy', { node: 'n1' }).child('access').warn('slow', { status: 504 })
  expect(logger.messages).toEqual(['started', 'slow'])
  expect(logger.entries[1]).toEqual({
    level: 'warn',
    subsystem: 'proxy.access',
    message: 'slow',
    fields: { node: 'n1', status: 504 },
  })
})
