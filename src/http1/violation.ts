/**
 * Why a message was refused: one row per reason. `text` goes to people, `meaning` says which rule
 * was broken and why no tolerance is safe. Callers compare codes only.
 */
const VIOLATIONS = {
  'head-too-large': {
    text: 'the message head is too large',
    meaning: 'More bytes than the reader may hold came without an end of the head.',
  },
  'too-many-fields': {
    text: 'the message has too many header fields',
    meaning: 'A head or trailer section within its byte limit still has a limit of fields.',
  },
  'bare-line-feed': {
    text: 'a line ends without a carriage return',
    meaning: 'RFC 9112 §2.2 lets parsers differ here, so two of them may see two messages.',
  },
  'control-character': {
    text: 'a line holds a control character',
    meaning: 'RFC 9110 §5.5: CR, LF and NUL in a value are dangerous; the other controls invalid.',
  },
  'bad-request-line': {
    text: 'the request line is malformed',
    meaning:
      'RFC 9112 §3: method SP target SP version, with single spaces and a known target form.',
  },
  'bad-status-line': {
    text: 'the status line is malformed',
    meaning: 'RFC 9112 §4: version SP three digits, then nothing or SP reason.',
  },
  'bad-version': {
    text: 'the HTTP version is neither 1.0 nor 1.1',
    meaning: 'Framing rules hang on the version; no other one travels in this format.',
  },
  'bad-field-name': {
    text: 'a header field name is malformed',
    meaning: 'RFC 9112 §5.1: a token, then a colon at once. A space between them hid many attacks.',
  },
  'folded-line': {
    text: 'a header field is folded over several lines',
    meaning:
      'RFC 9112 §5.2: obsolete, and a favourite way to hide a field from one of two parsers.',
  },
  'bad-host': {
    text: 'the request does not have exactly one Host field',
    meaning: 'RFC 9112 §3.2: two of them let two parsers route one request to two places.',
  },
  'bad-content-length': {
    text: 'the Content-Length is malformed or repeated',
    meaning: 'RFC 9110 §8.6: one field of digits. Equal copies may be refused too, and are.',
  },
  'bad-transfer-encoding': {
    text: 'the Transfer-Encoding is not exactly "chunked"',
    meaning: 'RFC 9112 §6.1: another coding, a repetition, or the field in HTTP/1.0.',
  },
  'two-framings': {
    text: 'Transfer-Encoding and Content-Length exclude each other',
    meaning: 'RFC 9112 §6.3: the root of request smuggling; one of two parsers believes each.',
  },
  'connect-body': {
    text: 'a CONNECT request cannot have a body',
    meaning: 'RFC 9110 §9.3.6: what follows is the tunnel for one parser and a body for another.',
  },
  'bad-chunk': {
    text: 'a chunk of the body is malformed',
    meaning: 'RFC 9112 §7.1: hexadecimal size, well-formed extensions, CRLF, data, CRLF.',
  },
  'chunk-line-too-long': {
    text: 'a chunk size line is too long',
    meaning: 'Extensions carry nothing for us (RFC 9112 §7.1.1) and must not grow without bound.',
  },
  'trailers-too-large': {
    text: 'the trailer section is too large',
    meaning: 'More bytes than the decoder may hold came without an end of the trailers.',
  },
  'too-many-informational': {
    text: 'too many interim responses came before the answer',
    meaning:
      'RFC 9110 §15.2 allows any number; a peer that goes on and on does not mean to answer.',
  },
  'unasked-switch': {
    text: 'the answer switches to a protocol that nobody asked for',
    meaning:
      'RFC 9110 §15.2.2: 101 needs an Upgrade; what follows would be read as HTTP by others.',
  },
  'bad-trailer': {
    text: 'a trailer field belongs into the head',
    meaning: 'RFC 9110 §6.5.1: framing and routing cannot be decided behind the body.',
  },
} as const satisfies Record<string, { text: string; meaning: string }>

export type HttpViolationCode = keyof typeof VIOLATIONS

/** A message that was refused, as a value: what a peer sends never throws. */
export class HttpViolation {
  readonly code: HttpViolationCode

  constructor(code: HttpViolationCode) {
    this.code = code
  }

  get message(): string {
    return VIOLATIONS[this.code].text
  }
}
