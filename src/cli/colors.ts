/** Whether what is written to a stream may be coloured: https://no-color.org and FORCE_COLOR. */
export function wantsColor(
  { isTTY = false }: { readonly isTTY?: boolean | undefined },
  { FORCE_COLOR, NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  return isTTY && TERM !== 'dumb'
}

type Style = 'bold' | 'red' | 'green' | 'cyan'

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  red: [31, 39],
  green: [32, 39],
  cyan: [36, 39],
}

function painted(style: Style, text: string): string {
  const [on, off] = CODES[style]
  return `\u001b[${on}m${text}\u001b[${off}m`
}

/** Problems as `formatProblems` writes them: what is wrong stands out, and what would be right. */
export function coloredProblems(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (/^ +\| +\^+$/.test(line)) return line.replace(/\^+/, (carets) => painted('red', carets))
      if (line.startsWith('  did you mean')) return painted('green', line)
      return /^\S/.test(line) ? painted('bold', line) : line
    })
    .join('\n')
}

/** Help as the commands write it: headings and flags stand out. */
export function coloredHelp(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (/^[A-Z][\w ]*:/.test(line)) {
        return line.replace(/^[^:]*:/, (heading) => painted('bold', heading))
      }
      return line.replace(/^ {2}--\S+/, (flag) => painted('cyan', flag))
    })
    .join('\n')
}
