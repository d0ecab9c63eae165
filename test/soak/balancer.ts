import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The ports of a node, all of the loopback address. */
export interface NodePorts {
  readonly proxy: number
  readonly upstream: number
  readonly admin: number
  readonly gossip: number
}

/** Why there is no haproxy; undefined when there is one. */
export function whyNoHaproxy(): string | undefined {
  const { error } = spawnSync('haproxy', ['-v'])
  return error === undefined ? undefined : `haproxy is not installed: ${error.message}`
}

/** Twice in a row 503: a node is out after 0.6 s at the latest. */
const CHECK = 'check inter 300ms fall 2 rise 1'

const WORDS_MAX = 2_000

/** The load balancer in front of a cluster, as operators run it: it looks at the readiness. */
export class Balancer {
  readonly proxyPort: number
  readonly upstreamPort: number
  private readonly folder = mkdtempSync(join(tmpdir(), 'piko-haproxy-'))
  private readonly child: ChildProcess
  /** Rejects when haproxy ends by itself, with its own words. */
  readonly failed: Promise<never>
  private stopping = false
  private words = ''

  /** Runs in front of `nodes`, at these two ports. */
  constructor(nodes: readonly NodePorts[], ports: { proxy: number; upstream: number }) {
    this.proxyPort = ports.proxy
    this.upstreamPort = ports.upstream
    const file = join(this.folder, 'haproxy.cfg')
    writeFileSync(file, configuration(nodes, ports))
    this.child = spawn('haproxy', ['-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child.stderr?.on('data', (words: Buffer) => {
      this.words = (this.words + words.toString()).slice(-WORDS_MAX)
    })
    this.failed = this.failure()
    this.failed.catch(() => {})
  }

  async stop(): Promise<void> {
    this.stopping = true
    const ended = this.child.exitCode === null ? once(this.child, 'close') : undefined
    this.child.kill('SIGKILL')
    await ended
    rmSync(this.folder, { recursive: true })
  }

  private async failure(): Promise<never> {
    const [code] = (await once(this.child, 'close')) as [number | null]
    if (!this.stopping)
      throw new Error(`haproxy ended by itself with exit code ${code}: ${this.words}`)
    return new Promise(() => {})
  }
}

function configuration(
  nodes: readonly NodePorts[],
  ports: { readonly proxy: number; readonly upstream: number },
): string {
  const servers = (name: 'proxy' | 'upstream'): string =>
    nodes
      .map((node, i) => `  server n${i + 1} 127.0.0.1:${node[name]} port ${node.admin} ${CHECK}\n`)
      .join('')
  return `global
  maxconn 2000
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  option redispatch
  retries 3
  retry-on conn-failure
  option httpchk GET /ready
  balance roundrobin
frontend clients
  bind 127.0.0.1:${ports.proxy}
  default_backend proxies
frontend listeners
  bind 127.0.0.1:${ports.upstream}
  default_backend upstreams
backend proxies
${servers('proxy')}backend upstreams
${servers('upstream')}`
}
