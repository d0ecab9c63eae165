import { readConnection } from './connection.ts'
import { type Fields, fieldValues, isField, listMembers } from './fields.ts'

/**
 * Fields that are about one connection (RFC 9110 §7.6.1). Where the RFC leaves room this is what
 * Go's httputil.ReverseProxy does, which the deployed Piko is made of:
 *
 * - Proxy-Authenticate and Proxy-Authorization go: the next hop is not their proxy (§11.7).
 * - Trailer stays: trailers survive, and their announcement with them (§6.6.2).
 * - TE goes, but `trailers` in it stays: we do forward them (§10.1.4).
 */
function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 7:
      return isField(name, 'upgrade')
    case 10:
      return isField(name, 'connection') || isField(name, 'keep-alive')
    case 16:
      return isField(name, 'proxy-connection')
    case 17:
      return isField(name, 'transfer-encoding')
    case 18:
      return isField(name, 'proxy-authenticate')
    case 19:
      return isField(name, 'proxy-authorization')
    default:
      return false
  }
}

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
  const { names } = readConnection(fields)
  const kept: Fields = []
  let teSeen = false
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (name.length === 2 && isField(name, 'te')) {
      if (!teSeen && listMembers(fields, 'te').includes('trailers')) kept.push(name, 'trailers')
      teSeen = true
    } else if (!isHopByHop(name) && (names.size === 0 || !isNamed(name, names, keep))) {
      kept.push(name, fields[i + 1] as string)
    }
  }
  return kept
}

/** The protocols that Upgrade asks for or grants, if Connection says that it is meant (§7.8). */
export function wantsUpgrade(fields: Readonly<Fields>): string | undefined {
  if (!readConnection(fields).upgrade) return undefined
  const protocols = fieldValues(fields, 'upgrade').join(', ')
  return protocols === '' ? undefined : protocols
}

/** Whether Connection names the field away, and may. */
function isNamed(name: string, names: ReadonlySet<string>, keep: ReadonlySet<string>): boolean {
  const lowerName = name.toLowerCase()
  return names.has(lowerName) && !keep.has(lowerName) && !NEVER_NAMED_AWAY.has(lowerName)
}
