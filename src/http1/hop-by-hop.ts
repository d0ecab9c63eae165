import { type Fields, fieldValues, isField, listMembers } from './fields.ts'

/**
 * Fields that are about one connection (RFC 9110 §7.6.1). Where the RFC leaves room this is what
 * Go's httputil.ReverseProxy does, which the deployed Piko is made of:
 *
 * - Proxy-Authenticate and Proxy-Authorization go: the next hop is not their proxy (§11.7).
 * - Trailer stays: trailers survive, and their announcement with them (§6.6.2).
 * - TE goes, but `trailers` in it stays: we do forward them (§10.1.4).
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'transfer-encoding',
  'upgrade',
])

/** Most names cannot be one of these by their length alone, and need no lower case. */
const HOP_BY_HOP_LENGTHS: ReadonlySet<number> = new Set([...HOP_BY_HOP].map((name) => name.length))

/**
 * Fields that Connection cannot name away whatever the caller keeps: without its length a body
 * would turn into a second message, and without its Host a request would go elsewhere.
 */
const NEVER_NAMED_AWAY: ReadonlySet<string> = new Set(['content-length', 'host', 'trailer'])

const NO_NAMES: ReadonlySet<string> = new Set()

/**
 * The fields without those that end at this hop: the ones above and the ones that Connection
 * names. `keep` holds lower-case names that Connection cannot name away.
 */
export function withoutHopByHop(fields: Readonly<Fields>, keep = NO_NAMES): Fields {
  const named = connectionTokens(fields)
  const kept: Fields = []
  let teSeen = false
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (isField(name, 'te')) {
      if (!teSeen && listMembers(fields, 'te').includes('trailers')) kept.push(name, 'trailers')
      teSeen = true
    } else if (!endsHere(name, named, keep)) {
      kept.push(name, fields[i + 1] as string)
    }
  }
  return kept
}

/** What the Connection fields list, in lower case: options and names of fields of this hop. */
export function connectionTokens(fields: Readonly<Fields>): ReadonlySet<string> {
  const members = listMembers(fields, 'connection')
  return members.length === 0 ? NO_NAMES : new Set(members)
}

/** The protocols that Upgrade asks for or grants, if Connection says that it is meant (§7.8). */
export function wantsUpgrade(fields: Readonly<Fields>): string | undefined {
  if (!connectionTokens(fields).has('upgrade')) return undefined
  const protocols = fieldValues(fields, 'upgrade').join(', ')
  return protocols === '' ? undefined : protocols
}

function endsHere(name: string, named: ReadonlySet<string>, keep: ReadonlySet<string>): boolean {
  if (named.size === 0 && !HOP_BY_HOP_LENGTHS.has(name.length)) return false
  const lowerName = name.toLowerCase()
  if (HOP_BY_HOP.has(lowerName)) return true
  return named.has(lowerName) && !keep.has(lowerName) && !NEVER_NAMED_AWAY.has(lowerName)
}
