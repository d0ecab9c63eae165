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
  /** How many upstreams got the request; logged when it is more than one. */
  readonly attempts?: number
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
  private level: LogLevel
  private disabled: boolean
  private requestFields: FieldSelection
  private responseFields: FieldSelection

  constructor(logger: Logger, options: AccessLogOptions) {
    this.logger = logger
    this.level = options.level
    this.disabled = options.disable
    this.requestFields = new FieldSelection(options.requestHeaders)
    this.responseFields = new FieldSelection(options.responseHeaders)
  }

  /** Requests that end from now on are logged like this. */
  configure(options: AccessLogOptions): void {
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
    const { proto, method, host, target, status, durationMs, attempts = 1 } = record
    const duration = formatDuration(Math.round(durationMs * 1_000) / 1_000)
    const tries = attempts > 1 ? `,"attempts":${attempts}` : ''
    this.logger.writeJson(
      this.levelOf(status),
      'request',
      `"request":{"proto":"${proto}","method":${quote(method)},"host":${quote(host)},` +
        `"path":${quote(pathOf(target))},` +
        `"request_headers":${this.requestFields.json(record.requestFields)},` +
        `"response_headers":${this.responseFields.json(record.responseFields)},` +
        `"status":${status},"duration":"${duration}"${tries}}`,
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
  /** By the name as it came; `logged` undefined: not at all. */
  private readonly names = new Map<string, { readonly logged: Logged | undefined }>()
  private readonly byLowerName = new Map<string, Logged>()

  constructor({ allowList, blockList }: HeaderFilter) {
    this.allowed = new Set(allowList.map((name) => name.toLowerCase()))
    this.blocked = new Set(blockList.map((name) => name.toLowerCase()))
  }

  /** `{"Content-Type":["text/plain"]}`: each name once, whatever case it came in. */
  json(fields: Readonly<Fields>): string {
    let text = ''
    const names = this.namesOf(fields)
    for (let at = 0; at < names.length; at += 1) {
      const name = names[at]
      if (name === undefined || names.indexOf(name) < at) continue
      const comma = text === '' ? '' : ','
      text += `${comma}${name.json}:[${valuesOf(fields, names, name)}]`
    }
    return `{${text}}`
  }

  private namesOf(fields: Readonly<Fields>): (Logged | undefined)[] {
    const names: (Logged | undefined)[] = []
    for (let i = 0; i < fields.length; i += 2) names.push(this.decide(fields[i] as string))
    return names
  }

  /** The same object for a name in any case, so that names can be compared by it. */
  private decide(written: string): Logged | undefined {
    const known = this.names.get(written)
    return known === undefined ? this.learn(written) : known.logged
  }

  private learn(written: string): Logged | undefined {
    const lowerName = written.toLowerCase()
    const isLogged =
      this.allowed.size > 0 ? this.allowed.has(lowerName) : !this.blocked.has(lowerName)
    const logged = isLogged ? this.loggedAs(lowerName) : undefined
    if (this.names.size < NAMES_MAX) this.names.set(written, { logged })
    return logged
  }

  private loggedAs(lowerName: string): Logged {
    let logged = this.byLowerName.get(lowerName)
    if (logged === undefined) {
      logged = { json: quote(canonicalName(lowerName)), isRedacted: REDACTED.has(lowerName) }
      if (this.byLowerName.size < NAMES_MAX) this.byLowerName.set(lowerName, logged)
    }
    return logged
  }
}

/** The values of all fields that have this name, in order. */
function valuesOf(
  fields: Readonly<Fields>,
  names: readonly (Logged | undefined)[],
  name: Logged,
): string {
  let values = ''
  for (let at = 0; at < names.length; at += 1) {
    if (names[at] !== name) continue
    const value = name.isRedacted ? REDACTION : quote(fields[2 * at + 1] as string)
    values += values === '' ? value : `,${value}`
  }
  return values
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
