import { formatDuration, parseDuration } from '../std/duration.ts'
import { formatByteSize, parseByteSize } from './byte-size.ts'
import {
  defineField,
  type Field,
  type FieldOptions,
  type JsonSchema,
  type Kind,
  type Parsed,
} from './field.ts'

type NumberOptions = FieldOptions<number> & {
  readonly default?: number
  readonly min?: number
  readonly max?: number
}
type DurationOptions = FieldOptions<number> & {
  readonly default?: string
  readonly min?: string
  readonly max?: string
}
type BytesOptions = FieldOptions<number> & {
  readonly default?: string | number
  readonly min?: number
  readonly max?: number
}

/** Timers of Node hold 31 bits of milliseconds, just above this; a longer one fires at once. */
const TIMER_MAX = '596h'
const NS_PER_MS = 1e6

/** A whole number. */
export function integer(options: NumberOptions): Field<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options
  const kind: Kind<number> = {
    type: 'integer',
    allowed: `a whole number${spanOf(options)}`,
    empty: 0,
    json: { type: 'integer', ...limits(options) },
    parse(text, name) {
      const value = /^[+-]?\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN
      if (!Number.isSafeInteger(value)) return { refused: `${name} is not a whole number` }
      return inRange(value, name, { min, max, show: String })
    },
    format: (value) => value,
  }
  return defineField(kind, options)
}

/** A number that may have a fraction. */
export function number(options: NumberOptions): Field<number> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = options
  const decimal = /^[+-]?(\d[\d_]*(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
  const kind: Kind<number> = {
    type: 'number',
    allowed: `a number${spanOf(options)}`,
    empty: 0,
    json: { type: 'number', ...limits(options) },
    parse(text, name) {
      const value = decimal.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN
      if (!Number.isFinite(value)) return { refused: `${name} is not a number` }
      return inRange(value, name, { min, max, show: String })
    },
    format: (value) => value,
  }
  return defineField(kind, options)
}

/** A Go duration, in milliseconds. Its key in the code may end in `Ms`; YAML leaves that out. */
export function duration(options: DurationOptions): Field<number> {
  const min = parseDuration(options.min ?? '0') ?? 0
  const max = parseDuration(options.max ?? TIMER_MAX) ?? 0
  const kind: Kind<number> = {
    type: 'duration',
    allowed: `a duration${spanOf(options)}, such as 100ms, 30s or 1m30s`,
    empty: 0,
    json: { type: 'string', pattern: String.raw`^(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+)$` },
    keySuffix: 'Ms',
    parse(text, name) {
      if (/^-[\d.]/.test(text)) return { refused: `${name} cannot be negative` }
      const value = parseDuration(text)
      if (value === undefined) return { refused: `${name} is not a duration` }
      const rounded = Math.round(value * NS_PER_MS) / NS_PER_MS
      return inRange(rounded, name, { min, max, show: formatDuration })
    },
    format: formatDuration,
  }
  return defineField(kind, options)
}

/** A size in bytes: 262144, 256KiB or 1MB. */
export function bytes(options: BytesOptions): Field<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options
  const show = (value: number) => String(formatByteSize(value))
  const kind: Kind<number> = {
    type: 'bytes',
    allowed: `a size in bytes${spanOf(options, show)}, such as 262144, 256KiB or 1MB`,
    empty: 0,
    json: { type: ['integer', 'string'], minimum: min, pattern: '^[0-9_.]+ ?([kKmMgG]?i?[bB])?$' },
    parse(text, name) {
      if (/^-\d/.test(text)) return { refused: `${name} cannot be negative` }
      const value = parseByteSize(text)
      if (value === undefined) return { refused: `${name} is not a size in bytes` }
      return inRange(value, name, { min, max, show })
    },
    format: formatByteSize,
  }
  return defineField(kind, options)
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1', 't'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0', 'f'].map((word) => [word, false] as const),
])

/** On or off. On the command line `--x` turns it on, `--no-x` and `--x=false` turn it off. */
export function flag(options: FieldOptions<boolean> & { readonly default?: boolean }) {
  const kind: Kind<boolean> = {
    type: 'boolean',
    allowed: 'true or false',
    empty: false,
    json: { type: 'boolean' },
    parse(text, name): Parsed<boolean> {
      const value = BOOLEANS.get(text.toLowerCase())
      return value === undefined ? { refused: `${name} is not true or false` } : { value }
    },
    format: (value) => value,
  }
  return defineField(kind, options)
}

interface Range {
  readonly min: number
  readonly max: number
  readonly show: (value: number) => string
}

function inRange(value: number, name: string, { min, max, show }: Range): Parsed<number> {
  if (value < 0 && min === 0) return { refused: `${name} cannot be negative` }
  if (value < min) return { refused: `${name} cannot be less than ${show(min)}` }
  if (value > max) return { refused: `${name} cannot exceed ${show(max)}` }
  return { value }
}

/** ` from 1 to 10`, ` of at least 1`, … or nothing. */
function spanOf<Limit extends string | number>(
  { min, max }: { readonly min?: Limit; readonly max?: Limit },
  show: (limit: Limit) => string = String,
): string {
  if (min !== undefined && max !== undefined) return ` from ${show(min)} to ${show(max)}`
  if (min !== undefined) return ` of at least ${show(min)}`
  return max === undefined ? '' : ` of at most ${show(max)}`
}

function limits({ min, max }: NumberOptions): JsonSchema {
  return {
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
  }
}
