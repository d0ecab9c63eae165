/** What stands wherever a secret would have been printed. */
export const MASK = '***'

/**
 * A text that cannot be printed by accident: strings, JSON, logs and `console.log` show a mask.
 * Only `reveal()` gives it away, so every use of a secret can be found by that name.
 */
export class SecretText {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get isSet(): boolean {
    return this.#text !== ''
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return this.isSet ? MASK : ''
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `SecretText(${this.toString()})`
  }
}

/** Masks the password of each URL in `text`: `http://me:***@proxy:3128`. */
export function hidePasswords(text: string): string {
  return text.replace(/(\/\/[^\s/@:]*:)[^\s/@]+(?=@)/g, `$1${MASK}`)
}
