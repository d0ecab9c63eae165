const WIDTH = 30
const INTERVAL_MS = 100
const CLEAR_LINE = '\r\u001B[2K'

/** Where a progress bar is drawn: a terminal. */
export interface ProgressTerminal {
  write(text: string): unknown
}

/** Draws a bar over and over until the returned call removes it. */
export function showProgress(
  terminal: ProgressTerminal,
  total: number,
  done: () => number,
): () => void {
  const draw = (): unknown => terminal.write(`${CLEAR_LINE}${progressLine(done(), total)}`)
  const timer = setInterval(draw, INTERVAL_MS)
  draw()
  return () => {
    clearInterval(timer)
    terminal.write(CLEAR_LINE)
  }
}

/** `[███████               ]  23%  23000/100000` */
export function progressLine(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.floor(share * WIDTH)
  const bar = '█'.repeat(filled).padEnd(WIDTH)
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)}%  ${done}/${total}`
}
