import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FdWriter } from './fd-writer.ts'

test('lines arrive complete and in order, and close waits for them', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'piko-log-')), 'log')
  const fd = openSync(path, 'w')
  const writer = new FdWriter(fd)
  const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} ${'é'.repeat(40)}\n`)
  for (const line of lines) writer.write(line)
  await writer.close()
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''))
  expect(writer.lost).toBe(0)
  closeSync(fd)
})

test('closing a writer that has nothing to write is done at once', async () => {
  await expect(new FdWriter(2).close()).resolves.toBeUndefined()
})

test('lines beyond the bound are lost and counted while the descriptor is busy', async () => {
  const fd = openSync('/dev/null', 'w')
  const writer = new FdWriter(fd)
  const line = 'x'.repeat(1_048_576)
  for (let count = 0; count < 12; count += 1) writer.write(line)
  await writer.close()
  // One is in flight, eight wait.
  expect(writer.lost).toBe(3)
  closeSync(fd)
})
