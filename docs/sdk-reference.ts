import { readFileSync } from 'node:fs'
import { transpileDeclaration } from 'typescript'
import { PIKO_ERRORS } from '../src/client/piko-error.ts'

/** Where the SDK says what it exports. */
const ENTRY = new URL('../src/client/index.ts', import.meta.url)

/** A declaration, with the comment in front of it, up to what follows. */
const DECLARATION = new RegExp(
  String.raw`(?:/\*\*((?:(?!\*/)[^])*)\*/\n)?` +
    String.raw`export (?:declare )?(?:class|function|interface|type|const) (\w+)[^]*?` +
    String.raw`(?=^(?:/\*\*|export |import |declare )|(?![^]))`,
  'gm',
)

/** Every export of the SDK with its comment and its types, as a page. */
export function sdkReference(): string {
  const sections = [...exportsOf(readFileSync(ENTRY, 'utf8'))].map(({ name, file }) => {
    if (name === 'PIKO_ERRORS') return errorTable()
    const { comment, code } = declarationOf(name, file)
    return [`## ${name}`, '', comment, '', '```ts', code, '```', ''].join('\n')
  })
  return ['# SDK', '', ...sections].join('\n')
}

/** The names that a module re-exports, with the files that they come from. */
function* exportsOf(source: string): Generator<{ name: string; file: URL }> {
  for (const [, names = '', path = ''] of source.matchAll(/{([^}]*)} from '([^']+)'/g)) {
    const file = new URL(path, ENTRY)
    for (const name of names.split(',').map((text) => text.trim())) {
      if (name !== '') yield { name, file }
    }
  }
}

function declarationOf(name: string, file: URL): { comment: string; code: string } {
  const { outputText } = transpileDeclaration(readFileSync(file, 'utf8'), {
    fileName: file.pathname,
  })
  for (const [text, comment = '', declared] of outputText.matchAll(DECLARATION)) {
    if (declared !== name) continue
    const code = text.slice(text.indexOf('export '))
    return { comment: prose(comment), code: withoutPrivates(code).trimEnd() }
  }
  throw new Error(`${name} is not declared in ${file.pathname}`)
}

/** A comment as Markdown: its indented parts are code there too. */
function prose(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

/** Without what nobody outside uses: private members, and constructors behind `listen`. */
function withoutPrivates(code: string): string {
  return code
    .replaceAll(
      /^ +\/\*\*(?:(?!\*\/)[^])*\*\/\n(?= +(?:private |constructor\(\{|\[.*\]: \())/gm,
      '',
    )
    .replaceAll(/^ +(?:private |constructor\(.*\);$|\[.*\]: \().*\n/gm, '')
    .replaceAll(/ declare /g, ' ')
    .replaceAll(/^ {4}/gm, '  ')
}

function errorTable(): string {
  const rows = Object.entries(PIKO_ERRORS).map(
    ([code, { retryable, text }]) => `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${text} |`,
  )
  return [
    '## PIKO_ERRORS',
    '',
    'Every `code` of a `PikoError`.',
    '',
    '| code | retryable | means |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
