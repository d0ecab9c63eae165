import { expect, test } from 'vitest'
import { coloredProblems, wantsColor } from './colors.ts'

const terminal = { isTTY: true }

test.each([
  [terminal, {}, true],
  [{}, {}, false],
  [terminal, { NO_COLOR: '1' }, false],
  [terminal, { NO_COLOR: '' }, true],
  [terminal, { TERM: 'dumb' }, false],
  [{}, { FORCE_COLOR: '1' }, true],
  [{}, { FORCE_COLOR: '' }, true],
  [terminal, { FORCE_COLOR: '0' }, false],
  [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('colours at %j with %j: %j', (stream, env, wanted) => {
  expect(wantsColor(stream, env)).toBe(wanted)
})

test('the place and the suggestion of a problem stand out', () => {
  const text = 'a.yaml:1:1: unknown key "x"\n    1 | x: …\n      | ^\n  did you mean y?'
  expect(coloredProblems(text)).toBe(
    '\u001b[1ma.yaml:1:1: unknown key "x"\u001b[22m\n    1 | x: …\n' +
      '      | \u001b[31m^\u001b[39m\n\u001b[32m  did you mean y?\u001b[39m',
  )
})
