import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { BenchError } from '../bench-error.ts'

/**
 * Another commit's sources with this one's micro-benchmarks, in a folder that is gone when the
 * process ends:
 *
 *     piko-micro-…/src/            the other commit's
 *                  bench/micro/    this checkout's, so that both run the same files
 *                  node_modules    → this checkout's
 */
export function checkOutOther(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'piko-micro-'))
  const tree = join(folder, 'tree')
  process.once('exit', () => {
    git('worktree', 'remove', '--force', tree)
    rmSync(folder, { recursive: true, force: true })
  })
  try {
    git('worktree', 'add', '--detach', tree, commit)
  } catch (cause) {
    throw new BenchError(`cannot check out ${commit}`, { cause })
  }
  const micro = join(tree, 'bench', 'micro')
  rmSync(micro, { recursive: true, force: true })
  cpSync(import.meta.dirname, micro, { recursive: true })
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'))
  return tree
}

function git(...args: readonly string[]): void {
  execFileSync('git', args, { stdio: 'ignore' })
}
