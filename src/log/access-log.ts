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

  write(record: AccessRecord): void {
    this.logger[this.levelOf(record.status)]('request', {
      request: {
        proto: record.proto,
        method: record.method,
        host: record.host,
        path: pathOf(record.target),
        request_headers: this.requestFields.select(record.requestFields),
        response_headers: this.responseFields.select(record.responseFields),
        status: record.status,
        duration: formatDuration(Math.round(record.durationMs * 1_000) / 1_000),
      },
    })
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

/** How fields of one name are logged, by the name as it came; undefined: not at all. */
type LoggedName = { readonly name: string; readonly isRedacted: boolean } | undefined

/** Names that differ are remembered up to here; more than that is somebody's game. */
const NAMES_MAX = 1_000

/** Decides once for each name what is logged of it. */
class FieldSelection {
  private readonly allowed: ReadonlySet<string>
  private readonly blocked: ReadonlySet<string>
  private readonly names = new Map<string, LoggedName>()

  constructor({ allowList, blockList }: HeaderFilter) {
    this.allowed = new Set(allowList.map((name) => name.toLowerCase()))
    this.blocked = new Set(blockList.map((name) => name.toLowerCase()))
  }

  /** Name → values, with names as `Content-Type`, whatever case they came in. */
  select(fields: Readonly<Fields>): Record<string, string[]> {
    const logged: Record<string, string[]> = Object.create(null) as Record<string, string[]>
    for (let i = 0; i < fields.length; i += 2) {
      const decision = this.decide(fields[i] as string)
      if (decision === undefined) continue
      const value = decision.isRedacted ? '[redacted]' : (fields[i + 1] as string)
      const values = logged[decision.name]
      if (values === undefined) logged[decision.name] = [value]
      else values.push(value)
    }
    return logged
  }

  private decide(written: string): LoggedName {
    if (this.names.has(written)) return this.names.get(written)
    const lowerName = written.toLowerCase()
    const isLogged =
      this.allowed.size > 0 ? this.allowed.has(lowerName) : !this.blocked.has(lowerName)
    const decision = isLogged
      ? { name: canonicalName(lowerName), isRedacted: REDACTED.has(lowerName) }
      : undefined
    if (this.names.size < NAMES_MAX) this.names.set(written, decision)
    return decision
  }
}

/** `content-type` → `Content-Type`: the form that log queries for the deployed Piko expect. */
function canonicalName(lowerName: string): string {
  return lowerName.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
