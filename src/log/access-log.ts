import type { Fields } from '../http1/fields.ts'
import { formatElapsed } from '../std/duration.ts'
import { JsonBytes } from './json-bytes.ts'
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
  /** A longer line says who asked for what, and that it was cut. */
  readonly maxLineBytes: number
  readonly requestHeaders: HeaderFilter
  readonly responseHeaders: HeaderFilter
}

/**
 * Fields that carry credentials, by the words in their names: that they were there is logged, their
 * values never. `Authorization`, `Set-Cookie`, `X-Api-Key`, `X-Vault-Token`, …
 */
const REDACTED = /(^|-)(authorization|cookie2?|token|secret|password|api-?key)($|-)/

/** Fields that hold URLs: what is behind the `?` may be a credential, as in the target. */
const URLS: ReadonlySet<string> = new Set(['referer', 'location', 'content-location', 'refresh'])

/** What a line that is too long keeps of a text, at most. */
const CUT_CHARACTERS = 64

const KEYS = {
  proto: Buffer.from('"request":{"proto":'),
  method: Buffer.from(',"method":'),
  host: Buffer.from(',"host":'),
  path: Buffer.from(',"path":'),
  requestHeaders: Buffer.from(',"request_headers":'),
  responseHeaders: Buffer.from(',"response_headers":'),
  status: Buffer.from(',"status":'),
  duration: Buffer.from(',"duration":'),
  attempts: Buffer.from(',"attempts":'),
  end: Buffer.from('}'),
  cut: Buffer.from(',"cut":true'),
} as const

/** Writes a line per request, in the deployed Piko's form. */
export class AccessLog {
  private readonly logger: Logger
  private level: LogLevel
  private disabled: boolean
  private lineBytesMax: number
  private requestFields: FieldSelection
  private responseFields: FieldSelection
  private readonly json = new JsonBytes()

  constructor(logger: Logger, options: AccessLogOptions) {
    this.logger = logger
    this.level = options.level
    this.disabled = options.disable
    this.lineBytesMax = options.maxLineBytes
    this.requestFields = new FieldSelection(options.requestHeaders)
    this.responseFields = new FieldSelection(options.responseHeaders)
  }

  /** Requests that end from now on are logged like this. */
  configure(options: AccessLogOptions): void {
    this.level = options.level
    this.disabled = options.disable
    this.lineBytesMax = options.maxLineBytes
    this.requestFields = new FieldSelection(options.requestHeaders)
    this.responseFields = new FieldSelection(options.responseHeaders)
  }

  /** Whether a request with this status is logged: ask before making a record. */
  isEnabled(status: number): boolean {
    return !this.disabled && this.logger.isEnabled(this.levelOf(status))
  }

  /** Written by hand: through a general serializer the line would cost more than the proxying. */
  write(record: AccessRecord): void {
    const { json } = this
    this.encode(record)
    if (json.byteLength > this.lineBytesMax) {
      this.encode(withoutFields(record))
      json.raw(KEYS.cut)
    }
    this.logger.writeJson(this.levelOf(record.status), 'request', json.bytes)
  }

  private encode(record: AccessRecord): void {
    const { json } = this
    json.clear()
    json.raw(KEYS.proto)
    json.string(record.proto)
    json.raw(KEYS.method)
    json.string(record.method)
    json.raw(KEYS.host)
    json.string(record.host)
    json.raw(KEYS.path)
    json.string(pathOf(record.target))
    json.raw(KEYS.requestHeaders)
    this.requestFields.write(record.requestFields, json)
    json.raw(KEYS.responseHeaders)
    this.responseFields.write(record.responseFields, json)
    json.raw(KEYS.status)
    json.integer(record.status)
    json.raw(KEYS.duration)
    json.string(formatElapsed(record.durationMs))
    this.writeAttempts(record.attempts ?? 1)
    json.raw(KEYS.end)
  }

  private writeAttempts(attempts: number): void {
    if (attempts === 1) return
    this.json.raw(KEYS.attempts)
    this.json.integer(attempts)
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

/** What is left of a record whose line would be too long. */
function withoutFields(record: AccessRecord): AccessRecord {
  const { method, host, target } = record
  return {
    ...record,
    method: method.slice(0, CUT_CHARACTERS),
    host: host.slice(0, CUT_CHARACTERS),
    target: pathOf(target).slice(0, CUT_CHARACTERS),
    requestFields: [],
    responseFields: [],
  }
}

/** How fields of a name are logged. */
interface Logged {
  /** `"Content-Type":[` */
  readonly opening: Uint8Array
  readonly kind: 'plain' | 'redacted' | 'url'
}

/** What was decided of a name. */
interface Decision {
  /** As it came. */
  readonly name: string
  /** Undefined: it is not logged at all. */
  readonly logged: Logged | undefined
}

const BRACE_OPEN = Buffer.from('{')
const BRACE_CLOSE = Buffer.from('}')
const BRACKET_CLOSE = Buffer.from(']')
const COMMA = Buffer.from(',')
const REDACTION = Buffer.from('"[redacted]"')

/** Names that differ are remembered up to here; more than that is somebody's game. */
const NAMES_MAX = 1_000

/** Decides once for each name what is logged of it. */
class FieldSelection {
  private readonly allowed: ReadonlySet<string>
  private readonly blocked: ReadonlySet<string>
  private readonly byName = new Map<string, Decision>()
  private readonly byLowerName = new Map<string, Logged>()
  /** For each of the fields that are being written; those before often had the same names. */
  private readonly decisions: Decision[] = []

  constructor({ allowList, blockList }: HeaderFilter) {
    this.allowed = new Set(allowList.map((name) => name.toLowerCase()))
    this.blocked = new Set(blockList.map((name) => name.toLowerCase()))
  }

  /** Writes `{"Content-Type":["text/plain"]}`: each name once, whatever case it came in. */
  write(fields: Readonly<Fields>, json: JsonBytes): void {
    this.decideAll(fields)
    json.raw(BRACE_OPEN)
    let isFirst = true
    for (let at = 0; at < this.decisions.length; at += 1) {
      const logged = this.decisions[at]?.logged
      if (logged === undefined || this.isBefore(at, logged)) continue
      if (!isFirst) json.raw(COMMA)
      isFirst = false
      json.raw(logged.opening)
      this.writeValues(fields, at, logged, json)
      json.raw(BRACKET_CLOSE)
    }
    json.raw(BRACE_CLOSE)
  }

  private decideAll(fields: Readonly<Fields>): void {
    const { decisions } = this
    const count = fields.length / 2
    if (decisions.length > count) decisions.length = count
    for (let at = 0; at < count; at += 1) {
      const name = fields[2 * at] as string
      if (decisions[at]?.name !== name) decisions[at] = this.byName.get(name) ?? this.learn(name)
    }
  }

  private isBefore(end: number, logged: Logged): boolean {
    for (let at = 0; at < end; at += 1) if (this.decisions[at]?.logged === logged) return true
    return false
  }

  /** The values of all fields that have the name of the one at `first`, in order. */
  private writeValues(
    fields: Readonly<Fields>,
    first: number,
    logged: Logged,
    json: JsonBytes,
  ): void {
    for (let at = first; at < this.decisions.length; at += 1) {
      if (this.decisions[at]?.logged !== logged) continue
      if (at > first) json.raw(COMMA)
      const value = fields[2 * at + 1] as string
      if (logged.kind === 'redacted') json.raw(REDACTION)
      else json.string(logged.kind === 'url' ? pathOf(value) : value)
    }
  }

  private learn(written: string): Decision {
    const name = detached(written)
    const lowerName = name.toLowerCase()
    const isLogged =
      this.allowed.size > 0 ? this.allowed.has(lowerName) : !this.blocked.has(lowerName)
    const decision = { name, logged: isLogged ? this.loggedAs(lowerName) : undefined }
    if (this.byName.size < NAMES_MAX) this.byName.set(name, decision)
    return decision
  }

  /** The same object for a name in any case, so that names can be compared by it. */
  private loggedAs(lowerName: string): Logged {
    let logged = this.byLowerName.get(lowerName)
    if (logged === undefined) {
      const opening = Buffer.from(`${JSON.stringify(canonicalName(lowerName))}:[`)
      logged = { opening, kind: kindOf(lowerName) }
      if (this.byLowerName.size < NAMES_MAX) this.byLowerName.set(lowerName, logged)
    }
    return logged
  }
}

/** A copy of its own: a slice keeps alive the head that it was cut from. */
function detached(name: string): string {
  return Buffer.from(name).toString()
}

function kindOf(lowerName: string): Logged['kind'] {
  if (REDACTED.test(lowerName)) return 'redacted'
  return URLS.has(lowerName) ? 'url' : 'plain'
}

/** `content-type` → `Content-Type`: the form that log queries for the deployed Piko expect. */
function canonicalName(lowerName: string): string {
  return lowerName.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
