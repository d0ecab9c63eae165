import { setTimeout as delay } from 'node:timers/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Tunnel } from '../src/client/tunnel.ts'
import type { TunnelOwner } from '../src/client/tunnel.ts'
import { MuxRuntime } from '../src/net/mux-conn.ts'
import { BenchError } from './bench-error.ts'
import { CORE, pinToLoadCore } from './cores.ts'
import { bindFlags, serverPorts } from './piko-pair.ts'
import { ProcessGroup } from './process-group.ts'
import { cpuUs, rssBytes } from './process-usage.ts'
import { checkRequirements } from './requirements.ts'
import { listening } from './readiness.ts'
import { spread } from './summary.ts'

const USAGE = `Measures what idle tunnels cost a server: memory each, processor time of keep-alives.

  npm run bench:idle -- [flags]

  --tunnels <n>   how many, each for an endpoint of its own (10000)
  --seconds <n>   how long they are watched; keep-alives come every 5 s (60)
  --piko <path>   the built program (dist/main.js)
`

/** The server's memory is that of idle tunnels once the handshakes' garbage is gone. */
const SETTLE_MS = 5_000
/** Dials under way at once: a listening socket's queue is short. */
const DIALS_MAX = 200

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      tunnels: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '60' },
      piko: { type: 'string', default: 'dist/main.js' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    console.log(USAGE)
    return
  }
  checkRequirements(values.piko)
  pinToLoadCore()
  const group = new ProcessGroup()
  try {
    const ports = await serverPorts()
    const program = [process.execPath, resolve(values.piko), 'server']
    const flags = bindFlags(ports)
    const server = group.start('server', CORE.proxies, [...program, ...flags])
    await listening({ name: 'server', port: ports.upstream, processes: [server] })
    const emptyBytes = rssBytes(server.pid)
    const url = `http://127.0.0.1:${ports.upstream}`
    const tunnels = await openTunnels(url, Number(values.tunnels))
    await delay(SETTLE_MS)
    reportMemory(rssBytes(server.pid) - emptyBytes, tunnels.length)
    reportPulse(await watch(server.pid, Number(values.seconds)), tunnels.length)
    for (const tunnel of tunnels) tunnel.destroy()
    await delay(SETTLE_MS)
    const keptMb = (rssBytes(server.pid) - emptyBytes) / 1e6
    console.log(
      `${SETTLE_MS / 1_000} s after they left the server keeps ${keptMb.toFixed(0)} MB of it`,
    )
  } finally {
    await group.close()
  }
}

async function openTunnels(url: string, count: number): Promise<Tunnel[]> {
  const runtime = new MuxRuntime()
  const tunnels: Tunnel[] = []
  const dialler = async (): Promise<void> => {
    while (tunnels.length < count) {
      const index = tunnels.length
      await new Promise<void>((resolveOpen, reject) => {
        const owner = idleOwner(resolveOpen, reject)
        const endpointId = `idle-${index}`
        const tunnel = new Tunnel({ url, endpointId, connectTimeoutMs: 30_000, runtime }, owner)
        tunnels.push(tunnel)
        tunnel.start()
      })
      if (index % 100 === 0) process.stderr.write(`\r${index} tunnels`)
    }
  }
  await Promise.all(Array.from({ length: DIALS_MAX }, dialler))
  process.stderr.write('\r\u001B[2K')
  return tunnels
}

function idleOwner(opened: () => void, failed: (reason: Error) => void): TunnelOwner {
  return {
    accepted: (stream) => stream.reset(),
    connected: opened,
    disconnected: (reason) => console.error(`a tunnel was lost: ${reason.message}`),
    refused: failed,
  }
}

/** Processor time of the server in each second, in microseconds. */
async function watch(pid: number, seconds: number): Promise<number[]> {
  const usedUs: number[] = []
  let before = cpuUs([pid])
  for (let second = 1; second <= seconds; second += 1) {
    await delay(1_000)
    const now = cpuUs([pid])
    usedUs.push(now - before)
    before = now
    process.stderr.write(`\rwatching, ${second} of ${seconds} s`)
  }
  process.stderr.write('\r\u001B[2K')
  return usedUs
}

function reportMemory(bytes: number, count: number): void {
  const each = bytes / count / 1_024
  const verdict = each <= 8 ? '✓ aim' : each <= 14 ? '✓ must' : '✗ MISSED'
  console.log(`${count} idle tunnels: ${each.toFixed(1)} KB RSS each on the server`)
  console.log(`${verdict} (must ≤ 14 KB, aim ≤ 8 KB)`)
}

function reportPulse(usedUs: readonly number[], count: number): void {
  const { median, max } = spread(usedUs)
  const total = usedUs.reduce((sum, us) => sum + us, 0)
  const share = total / (usedUs.length * 1e6)
  const perTunnelUs = (total / usedUs.length / count) * 30
  console.log(
    `keep-alives take ${(share * 100).toFixed(2)} % of a core, ` +
      `${perTunnelUs.toFixed(0)} µs a tunnel in 30 s; ` +
      `in one second ${(median / 1_000).toFixed(0)} ms, ${(max / 1_000).toFixed(0)} ms at most`,
  )
}

// What was started ends with the process: the group listens for its exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof BenchError ? `bench: ${error.message}` : error)
  process.exitCode = 1
}
