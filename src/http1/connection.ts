import { type Fields, fieldValue, fieldCount, listMembers } from './fields.ts'

/** What the Connection fields of a head say (RFC 9110 §7.6.1, RFC 9112 §9.3). */
export interface Connection {
  readonly close: boolean
  readonly keepAlive: boolean
  /** Upgrade is meant, too. */
  readonly upgrade: boolean
  /** What else it lists, in lower case: names of fields that are for this hop alone. */
  readonly names: ReadonlySet<string>
}

const NOTHING: Connection = { close: false, keepAlive: false, upgrade: false, names: new Set() }

/** What nearly every head says, so that it need not be taken apart each time. */
const USUAL: ReadonlyMap<string, Connection> = new Map([
  ['close', { ...NOTHING, close: true }],
  ['Close', { ...NOTHING, close: true }],
  ['keep-alive', { ...NOTHING, keepAlive: true }],
  ['Keep-Alive', { ...NOTHING, keepAlive: true }],
  ['upgrade', { ...NOTHING, upgrade: true }],
  ['Upgrade', { ...NOTHING, upgrade: true }],
])

/** Reads all Connection fields of a head. */
export function readConnection(fields: Readonly<Fields>): Connection {
  const first = fieldValue(fields, 'connection')
  if (first === undefined) return NOTHING
  const usual = USUAL.get(first)
  if (usual !== undefined && fieldCount(fields, 'connection') === 1) return usual
  const names = new Set(listMembers(fields, 'connection'))
  return {
    close: names.delete('close'),
    keepAlive: names.delete('keep-alive'),
    upgrade: names.delete('upgrade'),
    names,
  }
}
