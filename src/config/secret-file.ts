import { readText } from './read-text.ts'
import { SecretText } from './secret-text.ts'

/** The text of a file that holds one value, or a sentence about the file: `is empty`. */
export function readValueFile(
  path: string,
): { readonly text: string } | { readonly refused: string } {
  const content = readText(path)
  if ('refused' in content) return content
  const text = content.text.replace(/[\r\n]+$/, '')
  return text === '' ? { refused: 'is empty' } : { text }
}

/** A secret that stands in a file: each `reveal()` gives what the file says then. */
export class SecretFile extends SecretText {
  readonly #path: string
  #last: string

  /** `text` is what the file held when the configuration was read. */
  constructor(path: string, text: string) {
    super(text)
    this.#path = path
    this.#last = text
  }

  /** While the file cannot be read, or is empty, the last secret that it held. */
  override reveal(): string {
    const content = readValueFile(this.#path)
    if ('text' in content) this.#last = content.text
    return this.#last
  }
}
