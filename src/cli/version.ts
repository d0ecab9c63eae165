import { readFileSync } from 'node:fs'

/** The package's version, and the commit that it was built from where the build noted one. */
export function version(): string {
  const { version: number, gitCommit } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string; gitCommit?: string }
  return gitCommit === undefined ? number : `${number} (${gitCommit})`
}
