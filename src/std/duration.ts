const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y

/**
 * Reads a duration as Go writes it (`1m30s`, `100ms`, `1.5h`, `0`) into milliseconds; undefined
 * when `text` is none. Source: Go's time.ParseDuration, without negative values.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  let totalMs = 0
  PART.lastIndex = 0
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text)
    if (match === null) return undefined
    totalMs += Number(match[1]) * (UNIT_MS[match[2] as string] as number)
  }
  return text === '' ? undefined : totalMs
}

/** Writes milliseconds as the shortest exact Go duration: 90_000 → `1m30s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  if (durationMs < 1_000) return `${durationMs}ms`
  let restMs = durationMs
  let text = ''
  for (const [unit, unitMs] of [
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const) {
    const count = Math.floor(restMs / unitMs)
    if (count > 0) text += `${count}${unit}`
    restMs -= count * unitMs
  }
  return restMs > 0 ? `${text}${restMs / 1_000}s` : text
}

/** `.001` to `.999`, without zeros at the end. */
const THOUSANDTHS = Array.from({ length: 1_000 }, (_, index) =>
  (index / 1_000).toString().slice('0'.length),
)

/**
 * As `formatDuration`, to the microsecond. For every line of a log: a number that is no integer
 * takes a third of a microsecond to write.
 */
export function formatElapsed(durationMs: number): string {
  const microseconds = Math.round(durationMs * 1_000)
  if (microseconds === 0 || microseconds >= 1_000_000) return formatDuration(microseconds / 1_000)
  const whole = Math.trunc(microseconds / 1_000)
  return `${whole}${THOUSANDTHS[microseconds - whole * 1_000]}ms`
}
