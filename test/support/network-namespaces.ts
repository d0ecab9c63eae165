import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'

/** A machine of its own as far as the network goes: a namespace with one address. */
export interface Host {
  readonly namespace: string
  readonly address: string
}

/** Why this machine cannot have network namespaces; undefined when it can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const probe = `piko-probe-${process.pid}`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'del', probe)
    return undefined
  } catch (error) {
    return `network namespaces need iproute2 and the right to make them: ${String(error)}`
  }
}

/**
 * Hosts on two switches with a cable between them. Pulling the cable parts them:
 *
 *     h1  h2          h3  h4  h5
 *      └─┬─┘           └─┼──┘
 *       left ─── cable ─ right       each host and both switches in a namespace
 *
 * 198.18.0.0/15 is for tests like these and routed nowhere (RFC 2544).
 */
export class TwoSwitchNetwork {
  readonly hosts: readonly Host[]
  private readonly prefix = `piko${process.pid}`
  private readonly switches: string

  /** So many hosts at the left switch, so many at the right one. Every one knows the `name`. */
  constructor(leftCount: number, rightCount: number, name: string) {
    this.switches = `${this.prefix}sw`
    this.hosts = Array.from({ length: leftCount + rightCount }, (_, i) => ({
      namespace: `${this.prefix}h${i + 1}`,
      address: `198.18.0.${i + 1}`,
    }))
    this.buildSwitches()
    for (const [index, host] of this.hosts.entries()) {
      this.plugIn(host, index < leftCount ? 'left' : 'right')
      this.nameAll(host, name)
    }
  }

  /** The command that runs a program on a host. */
  runOn(host: Host): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', host.namespace]
  }

  pullCable(): void {
    this.inSwitches('link', 'set', 'cable-l', 'down')
  }

  plugCable(): void {
    this.inSwitches('link', 'set', 'cable-l', 'up')
  }

  remove(): void {
    for (const { namespace } of this.hosts) {
      quietly(() => ip('netns', 'del', namespace))
      rmSync(etcOf(namespace), { recursive: true, force: true })
    }
    quietly(() => ip('netns', 'del', this.switches))
  }

  private buildSwitches(): void {
    ip('netns', 'add', this.switches)
    for (const name of ['left', 'right']) {
      this.inSwitches('link', 'add', name, 'type', 'bridge')
      this.inSwitches('link', 'set', name, 'up')
    }
    this.inSwitches('link', 'add', 'cable-l', 'type', 'veth', 'peer', 'name', 'cable-r')
    this.inSwitches('link', 'set', 'cable-l', 'master', 'left', 'up')
    this.inSwitches('link', 'set', 'cable-r', 'master', 'right', 'up')
  }

  private plugIn({ namespace, address }: Host, switchName: string): void {
    const port = `p${address.slice(address.lastIndexOf('.') + 1)}`
    ip('netns', 'add', namespace)
    const far = ['peer', 'name', 'eth0', 'netns', namespace]
    this.inSwitches('link', 'add', port, 'type', 'veth', ...far)
    this.inSwitches('link', 'set', port, 'master', switchName, 'up')
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }

  /** `ip netns exec` shows a namespace its own /etc/hosts (ip-netns(8)). */
  private nameAll({ namespace }: Host, name: string): void {
    mkdirSync(etcOf(namespace), { recursive: true })
    const lines = this.hosts.map(({ address }) => `${address} ${name}\n`)
    writeFileSync(`${etcOf(namespace)}/hosts`, `127.0.0.1 localhost\n${lines.join('')}`)
  }

  private inSwitches(...args: readonly string[]): void {
    ip('-n', this.switches, ...args)
  }
}

function etcOf(namespace: string): string {
  return `/etc/netns/${namespace}`
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function quietly(action: () => void): void {
  try {
    action()
  } catch {
    // What was never made need not be removed.
  }
}
