/**
 * UTF-8 without the platform: the core runs where no TextEncoder is promised. Both directions are
 * total. Decoding is strict (RFC 3629 §3: no overlong forms, no surrogates, nothing above
 * U+10FFFF), so that one text has one encoding and two nodes can never disagree about a key.
 */

const REPLACEMENT = 0xfffd

/** Smallest code point that needs a sequence of this length; below it the form is overlong. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000] as const

/** How many bytes `text` takes. */
export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) length += 1
    else if (unit < 0x800) length += 2
    else if (isPair(text, i)) {
      length += 4
      i += 1
    } else length += 3
  }
  return length
}

/** Writes `text` into `into` at `offset`; the caller made room for `utf8Length(text)` bytes. */
export function writeUtf8(text: string, into: Uint8Array, offset: number): void {
  let at = offset
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) into[at++] = unit
    else if (isPair(text, i)) {
      at = writeSequence(text.codePointAt(i) as number, 4, into, at)
      i += 1
    } else if (unit < 0x800) at = writeSequence(unit, 2, into, at)
    else at = writeSequence(isSurrogate(unit) ? REPLACEMENT : unit, 3, into, at)
  }
}

/** The text in `bytes[start, end)`, or undefined when the bytes are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let at = start
  while (at < end) {
    const lead = bytes[at] as number
    if (lead < 0x80) {
      text += String.fromCharCode(lead)
      at += 1
      continue
    }
    const length = sequenceLength(lead)
    if (length === 0 || at + length > end) return undefined
    const point = readSequence(bytes, at, length)
    if (point < (SMALLEST[length] as number) || point > 0x10ffff || isSurrogate(point)) {
      return undefined
    }
    text += String.fromCodePoint(point)
    at += length
  }
  return text
}

function writeSequence(point: number, length: number, into: Uint8Array, offset: number): number {
  let rest = point
  for (let at = offset + length - 1; at > offset; at--) {
    into[at] = 0x80 | (rest & 0x3f)
    rest >>= 6
  }
  into[offset] = ((0xf00 >> length) & 0xff) | rest
  return offset + length
}

/** Length that a lead byte announces; 0 for a byte that cannot lead. */
function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead < 0xe0) return 2
  if (lead >= 0xe0 && lead < 0xf0) return 3
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0
}

/** The code point, or -1 when a continuation byte is none. */
function readSequence(bytes: Uint8Array, at: number, length: number): number {
  let point = (bytes[at] as number) & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] as number
    if ((byte & 0xc0) !== 0x80) return -1
    point = (point << 6) | (byte & 0x3f)
  }
  return point
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000
}

function isPair(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  if (unit < 0xd800 || unit >= 0xdc00) return false
  const next = text.charCodeAt(index + 1)
  return next >= 0xdc00 && next < 0xe000
}
