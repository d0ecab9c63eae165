import type { SourcePlace } from './problem.ts'
import { hidePasswords, MASK } from './secret-text.ts'

/** Offsets into the text of a file. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * What of the line must not be shown:
 *
 *     token: hunter2
 *     └ rest ┘            the range is a key, its value does not matter
 *            └ value ┘    the range is a value that is secret
 */
export type Hide = 'nothing' | 'value' | 'rest'

/** A configuration file's text, and how a place in it is shown without giving secrets away. */
export class SourceFile {
  readonly path: string
  readonly text: string
  private readonly lines: readonly string[]
  private readonly secretKey: RegExp

  /** `secretNames`: the keys whose values are masked in every line that is shown. */
  constructor(path: string, text: string, secretNames: readonly string[] = []) {
    this.path = path
    this.text = text
    this.lines = text.split('\n')
    const names = secretNames.map((name) => name.replaceAll(/\W/g, String.raw`\$&`)).join('|')
    this.secretKey = new RegExp(`(?:^|[^\\w])(?:${names === '' ? '(?!)' : names})["']?\\s*:`)
  }

  place({ start, end }: Range, hide: Hide = 'nothing'): SourcePlace {
    const before = this.text.slice(0, start).split('\n')
    const index = before.length - 1
    const offset = (before.at(-1) ?? '').length
    const line = (this.lines[index] ?? '').replace(/\r$/, '')
    const width = Math.max(1, Math.min(end - start, line.length - offset))
    const sourceLine = this.shown(index, line, { start: offset, end: offset + width }, hide)
    return { file: this.path, line: index + 1, column: offset + 1, width, sourceLine }
  }

  private shown(index: number, line: string, range: Range, hide: Hide): string {
    if (hide === 'value') return `${line.slice(0, range.start)}${MASK}`
    if (hide === 'rest' && /^["']?\s*:?\s*\S/.test(line.slice(range.end))) {
      return `${line.slice(0, range.end)}: …`
    }
    const key = this.secretKey.exec(line)
    if (key !== null) return `${line.slice(0, key.index + key[0].length)} ${MASK}`
    return this.continuesSecret(index) ? MASK : hidePasswords(line)
  }

  /** Whether a line without a key of its own belongs to the value of a secret further up. */
  private continuesSecret(index: number): boolean {
    for (let above = index; above >= 0; above -= 1) {
      const line = this.lines[above] ?? ''
      if (/^\s*(- )?["']?[\w.-]+["']?\s*:(\s|$)/.test(line)) return this.secretKey.test(line)
    }
    return false
  }
}
