import fc from 'fast-check'
import { expect, test } from 'vitest'
import { expandEnv } from './expand-env.ts'

const env = { HOST: 'node-1', EMPTY: '', DOLLAR: 'a$HOST', _x1: 'under', UNSET: undefined }

test.each([
  ['plain', 'plain'],
  ['$HOST', 'node-1'],
  ['${HOST}', 'node-1'],
  ['${HOST}:8000', 'node-1:8000'],
  ['$HOST-a.$_x1/', 'node-1-a.under/'],
  ['$HOSTS', ''],
  ['${MISSING}', ''],
  ['${UNSET}', ''],
  ['${MISSING:fallback}', 'fallback'],
  ['${EMPTY:fallback}', 'fallback'],
  ['${HOST:fallback}', 'node-1'],
  ['${MISSING:}', ''],
  ['${MISSING:http://a:80}', 'http://a:80'],
  ['${MISSING:$HOST}', '$HOST'],
  ['${DOLLAR}', 'a$HOST'],
  ['pa$$word', 'pa$word'],
  ['$${HOST}', '${HOST}'],
  ['5$', '5$'],
  ['$5 $-', '$5 $-'],
  ['$constructor', ''],
  ['${__proto__:safe}', 'safe'],
  ['${HOST', undefined],
  ['${}', undefined],
  ['${1ST}', undefined],
  ['${A B}', undefined],
])('%s becomes %s', (written, expanded) => {
  expect(expandEnv(written, env)).toBe(expanded)
})

/** Characters that a careless expansion would trip over. */
const awkward = fc.constantFrom(...Array.from('$${}:aZ_0 \n\\&`é😀\0'))

test('what a variable holds arrives unchanged, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: awkward }), (value) => {
      expect(expandEnv('<${VALUE}>', { VALUE: value })).toBe(`<${value}>`)
      expect(expandEnv('$VALUE', { VALUE: value })).toBe(value)
    }),
  )
})

test('a text without dollars is left alone', () => {
  const plain = fc.string({ unit: awkward }).map((value) => value.replaceAll('$', ''))
  fc.assert(
    fc.property(plain, (value) => {
      expect(expandEnv(value, env)).toBe(value)
    }),
  )
})
