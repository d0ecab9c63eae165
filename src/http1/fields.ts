import { skipBlanks, trimBlanks } from './characters.ts'

/**
 * Header fields as node's `rawHeaders`: name, value, name, value, … in the order and case received.
 *
 *     [ 'Host', 'a.example', 'accept', 'text/html', 'Accept', 'text/plain' ]
 *
 * Nothing is merged and nothing is lost on the way through; a lookup costs a walk, which for the
 * dozen fields of a real message is cheaper than building a map.
 */
export type Fields = string[]

/**
 * Whether `name` is `lowerName` in any case. Nearly every miss ends at the length or the first
 * letter; making a lower-case string of each name would cost more than all the rest of a head.
 */
export function isField(name: string, lowerName: string): boolean {
  const { length } = lowerName
  if (name.length !== length) return false
  for (let i = 0; i < length; i++) {
    const lower = lowerName.charCodeAt(i)
    const code = name.charCodeAt(i)
    if (code === lower) continue
    const isUpper = code >= UPPER_A && code <= UPPER_Z
    if (!isUpper || code + TO_LOWER !== lower) return false
  }
  return true
}

const UPPER_A = 0x41
const UPPER_Z = 0x5a
const TO_LOWER = 0x20

/** The value of the first field of that name. */
export function fieldValue(fields: Readonly<Fields>, lowerName: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i] as string, lowerName)) return fields[i + 1]
  }
  return undefined
}

/** The values of all fields of that name, in order. */
export function fieldValues(fields: Readonly<Fields>, lowerName: string): string[] {
  const values: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i] as string, lowerName)) values.push(fields[i + 1] as string)
  }
  return values
}

/** How many fields have that name. */
export function fieldCount(fields: Readonly<Fields>, lowerName: string): number {
  let count = 0
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i] as string, lowerName)) count += 1
  }
  return count
}

/** The fields without those of that name. */
export function withoutField(fields: Readonly<Fields>, lowerName: string): Fields {
  const kept: Fields = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (!isField(name, lowerName)) kept.push(name, fields[i + 1] as string)
  }
  return kept
}

/** The members of a comma-separated field over all its lines, in lower case, without empty ones. */
export function listMembers(fields: Readonly<Fields>, lowerName: string): string[] {
  if (fieldValue(fields, lowerName) === undefined) return []
  return fieldValues(fields, lowerName)
    .flatMap((value) => value.toLowerCase().split(','))
    .map((member) => withoutBlanks(member))
    .filter((member) => member !== '')
}

/** String.trim would also take 0xa0, which is text here and no blank (RFC 9110 §5.6.3). */
function withoutBlanks(text: string): string {
  const start = skipBlanks(text, 0)
  return text.slice(start, trimBlanks(text, start, text.length))
}
