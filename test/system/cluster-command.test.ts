import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive, RunningProgram } from '../support/running-program.ts'

/** `piko test cluster` and `piko status`, as a user runs them. */

const PIKO = 'dist/main.js'

function startTestCluster(...flags: readonly string[]): RunningProgram {
  const cluster = new RunningProgram([
    PIKO,
    'test',
    'cluster',
    ...['proxy', 'upstream', 'admin'].map((port) => `--${port}.bind-addr=127.0.0.1:0`),
    ...flags,
  ])
  // Killed on the spot it could not end its nodes in order.
  onTestFinished(async () => void (await cluster.stop('SIGTERM')))
  return cluster
}

async function piko(...args: readonly string[]): Promise<string> {
  const { stdout } = await new RunningProgram([PIKO, ...args]).ended
  return stdout
}

test('status commands see the cluster from any node', async () => {
  const cluster = startTestCluster('--nodes', '2')
  const [, url = ''] = await cluster.line(/^ {2}admin +(http:.*)$/)
  const answers = await Promise.all(
    ['n1', 'n2'].map(async (id) =>
      piko('status', 'cluster', 'nodes', '--server.url', url, '--forward', id, '--output', 'json'),
    ),
  )
  for (const answer of answers) {
    expect(JSON.parse(answer)).toMatchObject({
      nodes: [
        { id: 'n1', status: 'active', endpoints: 0 },
        { id: 'n2', status: 'active', endpoints: 0 },
      ],
    })
  }
  const local = await piko('server', 'status', 'cluster', 'node', 'local', '--server.url', url)
  expect(local).toMatch(/^id: n[12]\nstatus: active\nproxy_addr: 127\.0\.0\.1:\d+\n/)
})

test('the cluster goes on without a node that was killed, and ends when none is left', async () => {
  const cluster = startTestCluster('--nodes', '2')
  await cluster.line(/Ctrl-C ends the cluster/)
  const pids: number[] = []
  for (const id of ['n1', 'n2']) {
    pids.push(Number((await cluster.line(new RegExp(`^${id} \\| pid (\\d+)`)))[1]))
  }
  process.kill(pids[0] as number, 'SIGKILL')
  await cluster.line(/^n1 ended by itself \(SIGKILL\); 1 of 2 nodes go on without it$/)
  process.kill(pids[1] as number, 'SIGKILL')
  const { code, stderr } = await cluster.ended
  expect([code, stderr]).toEqual([1, 'piko: no node is left\n'])
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends all nodes', async (signal) => {
  const cluster = startTestCluster('--nodes', '2')
  const [, pid] = await cluster.line(/^n2 \| pid (\d+)/)
  const { code, stderr } = await cluster.stop(signal)
  expect([code, stderr]).toEqual([0, ''])
  expect(isAlive(Number(pid))).toBe(false)
})

test('a port that is taken is named before any node is started', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const flag = `--upstream.bind-addr=127.0.0.1:${port}`
  const cluster = new RunningProgram([PIKO, 'test', 'cluster', '--proxy.bind-addr=:0', flag])
  const { code, stdout, stderr } = await cluster.ended
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(
    `piko: upstream port: listen on 127.0.0.1:${port}: port ${port} is already in use; ` +
      'stop what uses it or choose another',
  )
})
