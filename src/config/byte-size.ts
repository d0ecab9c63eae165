/** Binary units first and largest first: the first that divides a size writes it. */
const UNIT_BYTES = {
  gib: 1_073_741_824,
  mib: 1_048_576,
  kib: 1_024,
  gb: 1_000_000_000,
  mb: 1_000_000,
  kb: 1_000,
  b: 1,
} as const

const BINARY_UNITS = [
  ['GiB', UNIT_BYTES.gib],
  ['MiB', UNIT_BYTES.mib],
  ['KiB', UNIT_BYTES.kib],
] as const

const SIZE = /^(\d[\d_]*(?:\.\d+)?)\s*([kmg]?i?b)?$/i

/**
 * Reads `262144`, `256KiB` or `1.5 MB` into bytes; undefined when `text` is no whole number of
 * bytes. KiB counts 1024, KB counts 1000, in any case of letters.
 */
export function parseByteSize(text: string): number | undefined {
  const match = SIZE.exec(text)
  if (match === null) return undefined
  const unit = UNIT_BYTES[(match[2] ?? 'b').toLowerCase() as keyof typeof UNIT_BYTES]
  const bytes = Number((match[1] as string).replaceAll('_', '')) * (unit ?? Number.NaN)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Writes a size in the largest unit that is exact: 262144 → `256KiB`, 1000 → 1000. */
export function formatByteSize(bytes: number): string | number {
  if (bytes === 0) return 0
  const fitting = BINARY_UNITS.find(([, unitBytes]) => bytes % unitBytes === 0)
  return fitting === undefined ? bytes : `${bytes / fitting[1]}${fitting[0]}`
}
