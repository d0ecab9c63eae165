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
  private readonly logsRequestField: (lowerName: string) => boolean
  private readonly logsResponseField: (lowerName: string) => boolean

  constructor(logger: Logger, options: AccessLogOptions) {
    this.logger = logger
    this.level = options.level
    this.disabled = options.disable
    this.logsRequestField = fieldFilter(options.requestHeaders)
    this.logsResponseField = fieldFilter(options.responseHeaders)
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
        request_headers: loggedFields(record.requestFields, this.logsRequestField),
        response_headers: loggedFields(record.responseFields, this.logsResponseField),
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

function fieldFilter({ allowList, blockList }: HeaderFilter): (lowerName: string) => boolean {
  const allowed = new Set(allowList.map((name) => name.toLowerCase()))
  const blocked = new Set(blockList.map((name) => name.toLowerCase()))
  if (allowed.size > 0) return (lowerName) => allowed.has(lowerName)
  return (lowerName) => !blocked.has(lowerName)
}

/** Name → values, with names as `Content-Type`, whatever case they came in. */
function loggedFields(
  fields: Readonly<Fields>,
  isLogged: (lowerName: string) => boolean,
): Record<string, string[]> {
  const logged: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (let i = 0; i < fields.length; i += 2) {
    const lowerName = (fields[i] as string).toLowerCase()
    if (!isLogged(lowerName)) continue
    const value = REDACTED.has(lowerName) ? '[redacted]' : (fields[i + 1] as string)
    const name = canonicalName(fields[i] as string)
    const values = logged[name]
    if (values === undefined) logged[name] = [value]
    else values.push(value)
  }
  return logged
}

/** `content-type` → `Content-Type`: the form that log queries for the deployed Piko expect. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
