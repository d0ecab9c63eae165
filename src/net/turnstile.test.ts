import { expect, test } from 'vitest'
import { Turnstile } from './turnstile.ts'

function setUp(onPass: (visitor: string, turnstile: Turnstile<string>) => void = () => {}) {
  const passed: string[] = []
  let turn: (() => void) | undefined
  const turnstile: Turnstile<string> = new Turnstile<string>(
    (visitor) => {
      passed.push(visitor)
      onPass(visitor, turnstile)
    },
    (next) => (turn = next),
  )
  const nextTurn = (): boolean => {
    const next = turn
    turn = undefined
    next?.()
    return next !== undefined
  }
  return { passed, turnstile, nextTurn }
}

test('a few pass at once, the others a few a turn, in their order', () => {
  const { passed, turnstile, nextTurn } = setUp()
  for (const visitor of 'abcdefghij') turnstile.come(visitor)
  const after = [passed.join('')]
  while (nextTurn()) after.push(passed.join(''))
  expect(after).toEqual(['abcd', 'abcdefgh', 'abcdefghij', 'abcdefghij'])
  turnstile.come('k')
  expect(passed.at(-1)).toBe('k')
})

test('who comes while others wait waits behind them', () => {
  const { passed, turnstile, nextTurn } = setUp((visitor, again) => {
    if (visitor === 'e') again.come('z')
  })
  for (const visitor of 'abcdefghi') turnstile.come(visitor)
  while (nextTurn());
  expect(passed.join('')).toBe('abcdefghiz')
})
