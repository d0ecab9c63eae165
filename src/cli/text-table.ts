/** One row of a table: a value for each column. */
export type TableRow = readonly (string | number | boolean | null)[]

const GAP = '   '

/**
 * Lines up rows under their headings, for people:
 *
 *     ID   STATUS   ENDPOINTS
 *     n1   active           2
 *
 * Numbers stand to the right. Ids come from the network: characters that a terminal would act on
 * are shown as escapes.
 */
export function textTable(headings: readonly string[], rows: readonly TableRow[]): string {
  const cells = rows.map((row) => row.map(printable))
  const widths = headings.map((heading, column) =>
    Math.max(width(heading), ...cells.map((row) => width(row[column] ?? ''))),
  )
  const isNumber = headings.map((_heading, column) =>
    rows.some((row) => typeof row[column] === 'number'),
  )
  const line = (row: readonly string[]): string =>
    widths
      .map((columnWidth, column) => {
        const padding = ' '.repeat(columnWidth - width(row[column] ?? ''))
        return isNumber[column] ? padding + (row[column] ?? '') : (row[column] ?? '') + padding
      })
      .join(GAP)
      .trimEnd()
  return [headings, ...cells].map((row) => `${line(row)}\n`).join('')
}

function printable(value: TableRow[number]): string {
  if (value === null || value === '') return '-'
  return String(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`
}

/** In characters; what a terminal shows twice as wide stands a little out of line. */
function width(text: string): number {
  return Array.from(text).length
}
