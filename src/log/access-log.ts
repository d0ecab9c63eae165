import type { Fields } from '../http1/fields.ts'
import { formatDuration } from '../std/duration.ts'
import type { Logger, LogLevel } from './logger.ts'

/** A finished request, as far as it is logged. */
export interface AccessRecord {
  /** `HTTP/1.1` */
  readonly proto: string
  readonly method: string
  readonly host: string
  /** With or without a query; it is not logged, for it may hold secrets. */
  readonly target: string
  readonly requestFields: Readonly<Fields>
  readonly responseFields: Readonly<Fields>
  readonly status: number
  readonly durationMs: number
}

/** Which header fields are logged: those of the allow list, or all but those of the block list. */
export interface HeaderFilter {
  readonly allowList: readonly string[]
  readonly blockList: readonly string[]
}

export interface AccessLogOptions {
  readonly disable: boolean
  /** Of ordinary requests; one that ended in a server error is logged as a warning at least. */
  readonly level: LogLevel
  readonly requestHeaders: HeaderFilter
  readonly responseHeaders: HeaderFilter
}

/** Fields that carry credentials: that they were there is logged, their values never. */
const REDACTED: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-piko-authorization',
])

/** Writes a line per request, in the deployed Piko's form. */
export class AccessLog {
  private readonly logger: Logger
  private readonly level: LogLevel
  private readonly disabled: boolean
  private readonly requestFields: FieldSelection
  private readonly responseFields: FieldSelection

  constructor(logger: Logger, options: AccessLogOptions) {
    this.logger = logger
    this.level = options.level
    this.disabled = options.disable
    this.requestFields = new FieldSelection(options.requestHeaders)
    this.responseFields = new FieldSelection(options.responseHeaders)
  }

  /** Whether a request with this status is logged: ask before making a record. */
  isEnabled(status: number): boolean {
    return !this.disabled && this.logger.isEnabled(this.levelOf(status))
  }

  /** Written by hand: through a general serializer the line would cost more than the proxying. */
  write(record: AccessRecord): void {
    const { proto, method, host, target, status, durationMs } = record
    const duration = formatDuration(Math.round(durationMs * 1_000) / 1_000)
    this.logger.writeJson(
      this.levelOf(status),
      'request',
      `"request":{"proto":"${proto}","method":${quote(method)},"host":${quote(host)},` +
        `"path":${quote(pathOf(target))},` +
        `"request_headers":${this.requestFields.json(record.requestFields)},` +
        `"response_headers":${this.responseFields.json(record.responseFields)},` +
        `"status":${status},"duration":"${duration}"}`,
    )
  }

  private levelOf(status: number): LogLevel {
    if (status < 500 || this.level === 'error') return this.level
    return 'warn'
  }
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** How fields of a name are logged. */
interface Logged {
  /** The name as `"Content-Type"`. */
  readonly json: string
  readonly isRedacted: boolean
}

const REDACTION = '"[redacted]"'

/** Names that differ are remembered up to here; more than that is somebody's game. */
const NAMES_MAX = 1_000

/** Decides once for each name what is logged of it. */
class FieldSelection {
  private readonly allowed: ReadonlySet<string>
  private readonly blocked: ReadonlySet<string>
  /** By the name as it came; undefined: not at all. */
  private readonly names = new Map<string, Logged | undefined>()

  constructor({ allowList, blockList }: HeaderFilter) {
    this.allowed = new Set(allowList.map((name) => name.toLowerCase()))
    this.blocked = new Set(blockList.map((name) => name.toLowerCase()))
  }

  /** `{"Content-Type":["text/plain"]}`: each name once, whatever case it came in. */
  json(fields: Readonly<Fields>): string {
    let text = ''
    for (let i = 0; i < fields.length; i += 2) {
      const decision = this.decide(fields[i] as string)
      if (decision === undefined) continue
      const values = this.valuesOf(fields, i, decision)
      if (values !== '') text += `${text === '' ? '' : ','}${decision.json}:[${values}]`
    }
    return `{${text}}`
  }

  /** All values of the name at `first`, if it is the name's first place; '' at the others. */
  private valuesOf(fields: Readonly<Fields>, first: number, { json, isRedacted }: Logged): string {
    let values = ''
    for (let i = 0; i < fields.length; i += 2) {
      if (i !== first && this.decide(fields[i] as string)?.json !== json) continue
      if (i < first) return ''
      const value = isRedacted ? REDACTION : quote(fields[i + 1] as string)
      values += values === '' ? value : `,${value}`
    }
    return values
  }

  private decide(written: string): Logged | undefined {
    if (this.names.has(written)) return this.names.get(written)
    const lowerName = written.toLowerCase()
    const isLogged =
      this.allowed.size > 0 ? this.allowed.has(lowerName) : !this.blocked.has(lowerName)
    const decision = isLogged
      ? { json: quote(canonicalName(lowerName)), isRedacted: REDACTED.has(lowerName) }
      : undefined
    if (this.names.size < NAMES_MAX) this.names.set(written, decision)
    return decision
  }
}

/** `content-type` → `Content-Type`: the form that log queries for the deployed Piko expect. */
function canonicalName(lowerName: string): string {
  return lowerName.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

/** Characters that stand for themselves in a JSON string (RFC 8259 §7). */
const PLAIN = /^[ !#-[\]-~]*$/

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}
