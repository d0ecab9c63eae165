import { readFileSync } from 'node:fs'

/** The package's version, and the commit that it was built from where the build noted one. */
export function version(): string {
  const { version: number } = readJson('../../package.json') as { version: string }
  const commit = commitOfBuild()
  return commit === undefined ? number : `${number} (${commit})`
}

/** What scripts/stamp-build.ts noted beside the compiled files. */
function commitOfBuild(): string | undefined {
  try {
    return (readJson('../build.json') as { commit?: string }).commit
  } catch {
    return undefined
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
}
