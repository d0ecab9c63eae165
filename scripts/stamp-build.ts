import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'

/**
 * Notes in dist/build.json which commit the build was made from, for `piko --version`: a package
 * that is installed knows no git. A build outside of a checkout has no note.
 */
const NOTE = 'dist/build.json'

rmSync(NOTE, { force: true })
try {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  const commit = git('rev-parse', '--short=12', 'HEAD')
  const isChanged = git('status', '--porcelain', '--untracked-files=no') !== ''
  writeFileSync(NOTE, `${JSON.stringify({ commit: isChanged ? `${commit}-changed` : commit })}\n`)
} catch {
  // There is no git, or no checkout: the version alone says what this is.
}
