import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Why this machine cannot run a redis-server; undefined when it can. */
export function whyNoRedis(): string | undefined {
  return commandExists('redis-server') && commandExists('redis-cli')
    ? undefined
    : 'redis-server and redis-cli are not installed'
}

/** Why this machine cannot run a PostgreSQL; undefined when it can. */
export function whyNoPostgres(): string | undefined {
  if (postgresFolder() === undefined) return 'postgresql is not installed'
  return process.getuid?.() === 0 && !commandExists('setpriv')
    ? 'PostgreSQL does not run as root, and setpriv is not installed'
    : undefined
}

/** A redis-server that ends with the test. */
export async function startRedis(): Promise<{ port: number }> {
  const folder = temporaryFolder()
  const port = await freePort()
  const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  await running(spawn('redis-server', flags))
  return { port }
}

/** A PostgreSQL with an empty database `postgres`, whose user `postgres` needs no password. */
export async function startPostgres(): Promise<{ port: number }> {
  const folder = temporaryFolder()
  // It refuses to run as root: whoever nobody is may write to its own folder.
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  const bin = postgresFolder() as string
  const wanted = `-D ${data} -U postgres -A trust -N`
  const maker = unprivileged(join(bin, 'initdb'), wanted.split(' '))
  const initdb = spawnSync(...maker, { encoding: 'utf8', cwd: folder })
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.stderr}`)
  const port = await freePort()
  const flags = ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', folder, '-F']
  const server = unprivileged(join(bin, 'postgres'), flags)
  await running(spawn(...server, { cwd: folder }))
  return { port }
}

function unprivileged(program: string, args: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [program, [...args]]
  return ['setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', program, ...args]]
}

/** Where the server's programs are: Debian keeps them out of PATH. */
function postgresFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  const folders = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...versions.map((version) => join(root, version, 'bin')),
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')))
}

function commandExists(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'piko-db-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Waits until it says that it is ready; it is killed with the test. */
async function running(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    const hear = (text: Buffer) => {
      said += text.toString()
      if (/ready to accept connections/i.test(said)) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    void ended.then(() => reject(new Error(`ended before it was ready: ${said}`)))
  })
}
