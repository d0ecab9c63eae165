import type { ConfigError, ConfigProblem } from './problem.ts'
import { COLUMNS, wrapped } from './wrap.ts'

/** How much of a long line is shown on each side of the mistake. */
const CONTEXT_COLUMNS = 60

/**
 * Writes every problem as a block for people to read:
 *
 *     piko.yaml:3:12: proxy: timeout is not a duration
 *         3 |   timeout: 30
 *           |            ^^
 *       allowed: a duration, such as 100ms, 30s or 1m30s
 */
export function formatProblems({ problems }: ConfigError): string {
  return problems.map(formatProblem).join('\n\n')
}

export function formatProblem(problem: ConfigProblem): string {
  const { found, allowed, suggestion, sourceLine } = problem
  const lines = [`${placeOf(problem)}${problem.text}`, ...sourceOf(problem)]
  // The line of the file shows what was found, unless it came out of a variable.
  const visible = found === undefined || sourceLine?.includes(found.replaceAll('"', '')) === true
  if (!visible) lines.push(`  found: ${found}`)
  if (allowed !== undefined) lines.push(...wrapped('  allowed: ', allowed))
  if (suggestion !== undefined) lines.push(`  did you mean ${suggestion}?`)
  return lines.map(printable).join('\n')
}

function placeOf({ file, line, column, flag, text }: ConfigProblem): string {
  if (flag !== undefined) return text.includes(flag) ? '' : `${flag}: `
  if (file === undefined) return ''
  return line === undefined ? `${file}: ` : `${file}:${line}:${column}: `
}

function sourceOf({ sourceLine, line, column = 1, width = 1 }: ConfigProblem): string[] {
  if (sourceLine === undefined || sourceLine.trim() === '') return []
  const from = column > CONTEXT_COLUMNS ? column - CONTEXT_COLUMNS : 0
  const part = sourceLine.slice(from, from + COLUMNS - 10)
  const shown = from === 0 ? part : `…${part.slice(1)}`
  const offset = column - 1 - from
  const number = String(line).padStart(5)
  const caret = '^'.repeat(Math.max(1, Math.min(width, shown.length - offset)))
  const margin = ' '.repeat(number.length)
  const code = `${number} | ${shown.replaceAll('\t', ' ')}`
  return offset > shown.length ? [code] : [code, `${margin} | ${' '.repeat(offset)}${caret}`]
}

/** A file must not be able to move the cursor or to colour the terminal. */
function printable(line: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}
