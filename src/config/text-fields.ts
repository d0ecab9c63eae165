import { formatHostPort, type HostPort, parseHostPort } from '../std/host-port.ts'
import { defineField, type Field, type FieldOptions, type Kind } from './field.ts'
import { SecretFile } from './secret-file.ts'
import { hidePasswords, SecretText } from './secret-text.ts'

type TextOptions = FieldOptions<string> & { readonly default?: string }
type ChoiceOptions<Choice> = FieldOptions<Choice> & { readonly default?: Choice }
type AddressOptions = FieldOptions<HostPort> & { readonly default?: string }

/** Any text; '' when nothing is configured. */
export function text(options: TextOptions): Field<string> {
  const kind: Kind<string> = {
    type: 'text',
    allowed: 'a text',
    empty: '',
    json: { type: 'string' },
    parse: (value) => ({ value }),
    format: (value) => value,
  }
  return defineField(kind, options)
}

/** A password, token or private key: masked wherever it could be printed. */
export function secret(options: FieldOptions<SecretText>): Field<SecretText> {
  const kind: Kind<SecretText> = {
    type: 'secret',
    allowed: 'a text',
    empty: new SecretText(''),
    json: { type: 'string' },
    secret: true,
    parse: (value) => ({ value: new SecretText(value) }),
    format: (value) => value.toString(),
    ofFile: (path, value) => new SecretFile(path, value),
  }
  return defineField(kind, options)
}

/** A place to listen on or to dial. With a default or `required` there always is one. */
export function address(
  options: AddressOptions & ({ readonly default: string } | { readonly required: true }),
): Field<HostPort>
export function address(options: AddressOptions): Field<HostPort | undefined>
export function address(options: AddressOptions): Field<HostPort | undefined> {
  const mayBeEmpty = options.default === undefined
  const kind: Kind<HostPort | undefined> = {
    type: 'address',
    allowed: 'host:port, as in 10.0.0.1:8000, or :port for every address of the host',
    empty: undefined,
    json: { type: 'string', pattern: String.raw`^(\[[0-9a-fA-F:.]+\]|[^:\[\]\s/]*):\d{1,5}$` },
    parse(value, name) {
      if (value === '') return mayBeEmpty ? { value: undefined } : { refused: `missing ${name}` }
      const parsed = parseHostPort(value)
      return parsed === undefined ? { refused: `${name} is not an address` } : { value: parsed }
    },
    format: (value) => (value === undefined ? '' : formatHostPort(value)),
  }
  return defineField(kind, options as FieldOptions<HostPort | undefined>)
}

/** The text of a URL with one of `schemes`; '' when nothing is configured. */
export function url(
  options: TextOptions & { readonly schemes?: readonly string[] },
): Field<string> {
  const { schemes = ['http', 'https'] } = options
  const kind: Kind<string> = {
    type: 'url',
    allowed: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    empty: '',
    json: { type: 'string' },
    parse(value, name) {
      if (value === '') return { value }
      const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase()
      if (scheme === undefined || !URL.canParse(value)) return { refused: `${name} is not a URL` }
      return schemes.includes(scheme) ? { value } : { refused: `unsupported scheme: ${scheme}` }
    },
    format: hidePasswords,
  }
  return defineField(kind, options)
}

/** One of a few words. Without a default the first word is the value. */
export function choice<const Choice extends string>(
  choices: readonly [Choice, ...Choice[]],
  options: ChoiceOptions<Choice>,
): Field<Choice> {
  const kind: Kind<Choice> = {
    type: 'choice',
    allowed: choices.join(', '),
    empty: choices[0],
    choices,
    json: { type: 'string', enum: choices },
    parse(written, name) {
      if (written === '') return { refused: `missing ${name}` }
      const value = choices.find((known) => known === written.toLowerCase())
      if (value !== undefined) return { value }
      return { refused: `unsupported ${name}: ${written}` }
    },
    format: (value) => value,
  }
  return defineField(kind, options)
}
