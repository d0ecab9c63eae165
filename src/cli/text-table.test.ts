import { expect, test } from 'vitest'
import { textTable } from './text-table.ts'

test('columns are as wide as their widest cell, numbers stand to the right', () => {
  const rows = [
    ['n1', 2],
    ['long-name', 10],
  ] as const
  expect(textTable(['ID', 'UPSTREAMS'], rows)).toBe(
    ['ID          UPSTREAMS', 'n1                  2', 'long-name          10', ''].join('\n'),
  )
})

test('no rows leave the headings', () => {
  expect(textTable(['A', 'B'], [])).toBe('A   B\n')
})

test('what is missing shows as a dash', () => {
  expect(textTable(['A', 'B'], [['', null]])).toBe('A   B\n-   -\n')
})

test('characters that a terminal acts on are escaped', () => {
  expect(textTable(['ID'], [['a\u{1b}[2Jb\nc\u{202e}d']])).toBe(
    'ID\na\\u{1b}[2Jb\\u{a}c\\u{202e}d\n',
  )
})
