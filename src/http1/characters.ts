/** The character classes of RFC 9110 §5.6, as bits of one table over latin1. */
export const TOKEN = 1
/** What a field value or a reason holds: HTAB, SP, visible ASCII, and obs-text from 0x80 on. */
export const TEXT = 2
/** What a request target holds: anything visible. RFC 3986 knows no raw UTF-8, but it is sent. */
export const TARGET = 4

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a

const TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~"

const CLASSES = Uint8Array.from({ length: 256 }, (_, code) => {
  const visible = (code > SP && code < 0x7f) || code >= 0x80
  const token = /[0-9A-Za-z]/.test(String.fromCharCode(code))
  const symbol = TOKEN_SYMBOLS.includes(String.fromCharCode(code))
  const text = visible || code === SP || code === HTAB
  return (token || symbol ? TOKEN : 0) | (text ? TEXT : 0) | (visible ? TARGET : 0)
})

/** The index of the first character at or behind `from` that is not of that class. */
export function skipClass(text: string, from: number, characterClass: number): number {
  let at = from
  while (at < text.length && isOfClass(text.charCodeAt(at), characterClass)) at += 1
  return at
}

/** Whether every character is of that class; true for an empty text. */
export function isAllOfClass(text: string, characterClass: number): boolean {
  return skipClass(text, 0, characterClass) === text.length
}

/** The index of the first character at or behind `from` that is no SP or HTAB. */
export function skipBlanks(text: string, from: number): number {
  let at = from
  while (isBlank(text.charCodeAt(at))) at += 1
  return at
}

/** The index behind the last character of [start, end) that is no SP or HTAB. */
export function trimBlanks(text: string, start: number, end: number): number {
  let at = end
  while (at > start && isBlank(text.charCodeAt(at - 1))) at -= 1
  return at
}

export function isBlank(code: number): boolean {
  return code === SP || code === HTAB
}

/** A character beyond latin1 is of no class. */
function isOfClass(code: number, characterClass: number): boolean {
  return code < 256 && ((CLASSES[code] as number) & characterClass) !== 0
}
