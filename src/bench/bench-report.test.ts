import { expect, test } from 'vitest'
import { formatReport } from './bench-report.ts'
import { progressLine } from './progress-bar.ts'
import { Tally } from './tally.ts'

function tally(): Tally {
  const counted = new Tally()
  for (let i = 0; i < 6; i += 1) counted.answered(2)
  counted.failed('ECONNRESET')
  counted.failed('status 502')
  counted.failed('status 502')
  return counted
}

test('throughput counts right answers only', () => {
  const report = tally().report(2_000)
  expect(report).toMatchObject({ requests: 9, failed: 3, throughput: 3 })
})

test('errors are listed by kind, the most frequent first', () => {
  expect(Object.entries(tally().report(1).errors)).toEqual([
    ['status 502', 2],
    ['ECONNRESET', 1],
  ])
})

test('the text begins with the throughput line that scripts look for', () => {
  const text = formatReport(tally().report(2_000), 'text')
  expect(text).toMatch(/^Throughput: 3\.00 requests\/sec\n/)
  expect(text).toContain('p50 2.00ms')
  expect(text).toContain('  2 × status 502\n')
})

test('a run without failures lists no errors', () => {
  const counted = new Tally()
  counted.answered(1)
  expect(formatReport(counted.report(100), 'text')).not.toContain('Errors')
})

test('JSON output is one line that gives the report back', () => {
  const report = tally().report(2_000)
  const text = formatReport(report, 'json')
  expect(text.trimEnd().split('\n')).toHaveLength(1)
  expect(JSON.parse(text)).toEqual(report)
})

test('a progress line shows the share, and never more than all', () => {
  expect(progressLine(50, 200)).toBe(`[${'█'.repeat(7).padEnd(30)}]  25%  50/200`)
  expect(progressLine(0, 200)).toContain('  0%')
  expect(progressLine(300, 200)).toContain('100%')
})
