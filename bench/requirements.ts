import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { BenchError } from './bench-error.ts'

/** Programs that the benchmark runs, and the Debian packages that bring them. */
const PACKAGES: Readonly<Record<string, string>> = {
  nginx: 'nginx-light',
  wrk: 'wrk',
  taskset: 'util-linux',
}

/** Debian keeps servers where only root's PATH looks. */
export const SEARCH_PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`

/** Throws a BenchError that says what to install or build. */
export function checkRequirements(piko: string): void {
  if (process.platform !== 'linux') {
    throw new BenchError('the benchmark runs on Linux: it reads the cost of processes from /proc')
  }
  const missing = Object.keys(PACKAGES).filter((program) => !isInstalled(program))
  if (missing.length > 0) {
    const packages = missing.map((program) => PACKAGES[program]).join(' ')
    throw new BenchError(`missing ${missing.join(', ')}: apt-get install ${packages}`)
  }
  if (!existsSync(piko)) throw new BenchError(`${piko} does not exist: run make piko`)
}

export function isInstalled(program: string): boolean {
  return SEARCH_PATH.split(':').some(
    (folder) => folder !== '' && existsSync(`${folder}/${program}`),
  )
}

/** The first line that mentions a version: `nginx -v` writes to stderr, `wrk -v` fails. */
export function versionOf(program: string, flag: string): string {
  const { stdout, stderr } = spawnSync(program, [flag], {
    encoding: 'utf8',
    env: { ...process.env, PATH: SEARCH_PATH },
  })
  return /\d+\.\d+[\w.-]*/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown'
}
