import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from './run.ts'

/** An admin port that gives canned pages by path, and remembers what it was asked. */
async function adminPort(
  pages: Readonly<Record<string, unknown>>,
): Promise<{ url: string; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    const page = pages[(request.url ?? '').replace(/[?&]forward=\w+$/, '')]
    if (page === undefined) response.writeHead(404).end()
    else response.end(typeof page === 'string' ? page : JSON.stringify(page))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

async function piko(line: string, url?: string) {
  let stdout = ''
  let stderr = ''
  const argv = [...line.split(' '), ...(url === undefined ? [] : ['--server.url', url])]
  const code = await run(argv, {
    env: {},
    print: (text) => void (stdout += text),
    warn: (text) => void (stderr += text),
  })
  return { code, stdout, stderr }
}

test('a token is sent along, from a flag or a file, and a refusal says why', async () => {
  const server = createServer((request, response) => {
    const isIn = request.headers.authorization === 'Bearer s3cret'
    response.writeHead(isIn ? 200 : 401).end(isIn ? '{}' : '{"error":"invalid token"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'piko-status-'))
  onTestFinished(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  const file = join(folder, 'token')
  writeFileSync(file, 's3cret\n')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const line = 'status upstream endpoints'
  expect((await piko(`${line} --token s3cret`, url)).code).toBe(0)
  expect((await piko(`${line} --token-file ${file}`, url)).code).toBe(0)
  await expect(piko(`${line} --token other`, url)).resolves.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bad status: 401 (invalid token)') as string,
  })
})

const node = (id: string, status: string, endpoints: number) => ({
  id,
  status,
  proxy_addr: `192.0.2.${id.slice(1)}:8000`,
  admin_addr: `192.0.2.${id.slice(1)}:8002`,
  endpoints,
  upstreams: endpoints * 2,
})

const NODES = { '/status/cluster/nodes': [node('n2', 'active', 1), node('n1', 'unreachable', 0)] }

test.each(['status cluster nodes', 'server status cluster nodes'])(
  '%s lists the nodes as YAML, sorted by id',
  async (line) => {
    const { url } = await adminPort(NODES)
    expect(await piko(line, url)).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'nodes:',
        '- id: n1',
        '  status: unreachable',
        '  proxy_addr: 192.0.2.1:8000',
        '  admin_addr: 192.0.2.1:8002',
        '  endpoints: 0',
        '  upstreams: 0',
        '- id: n2',
        '  status: active',
        '  proxy_addr: 192.0.2.2:8000',
        '  admin_addr: 192.0.2.2:8002',
        '  endpoints: 1',
        '  upstreams: 2',
        '',
      ].join('\n'),
    })
  },
)

test('nodes are filtered by status', async () => {
  const { url } = await adminPort(NODES)
  const { stdout } = await piko('status cluster nodes --status active --output json', url)
  expect(JSON.parse(stdout)).toEqual({ nodes: [node('n2', 'active', 1)] })
})

test('a table is for people', async () => {
  const { url } = await adminPort(NODES)
  expect((await piko('status cluster nodes --output table', url)).stdout).toBe(
    [
      'ID   STATUS        PROXY            ADMIN            ENDPOINTS   UPSTREAMS',
      'n1   unreachable   192.0.2.1:8000   192.0.2.1:8002           0           0',
      'n2   active        192.0.2.2:8000   192.0.2.2:8002           1           2',
      '',
    ].join('\n'),
  )
})

test('a node shows its endpoints', async () => {
  const detail = { ...node('n1', 'active', 0), endpoints: { wiki: 1, shop: 2 } }
  const { url } = await adminPort({ '/status/cluster/nodes/local': detail })
  expect((await piko('status cluster node local --output table', url)).stdout).toBe(
    'ENDPOINT   UPSTREAMS\nshop               2\nwiki               1\n',
  )
})

test('gossip shows what a node told', async () => {
  const about = { id: 'n1', addr: '192.0.2.1:8003', version: 2, left: false, unreachable: false }
  const entry = { key: 'endpoint:shop', value: '2', version: 2, internal: false, deleted: false }
  const { url } = await adminPort({
    '/status/gossip/nodes': [about],
    '/status/gossip/nodes/n1': { ...about, Entries: [entry] },
  })
  const { stdout } = await piko('status gossip nodes --output json', url)
  expect(JSON.parse(stdout)).toEqual({ nodes: [about] })
  expect((await piko('status gossip node n1 --output table', url)).stdout).toBe(
    'KEY             VALUE   VERSION   DELETED\nendpoint:shop   2             2   false\n',
  )
})

test.each(['status upstream endpoints', 'status proxy endpoints'])(
  '%s shows the counts of endpoints, whatever they are called',
  async (line) => {
    const { url } = await adminPort({
      '/status/upstream/endpoints': '{"shop":2,"__proto__":1}',
    })
    expect((await piko(line, url)).stdout).toBe('endpoints:\n  __proto__: 1\n  shop: 2\n')
  },
)

test('upstreams are shown with where they come from', async () => {
  const { url } = await adminPort({
    '/status/upstream/endpoints?verbose': { shop: [{ remote_addr: '192.0.2.7:50000' }] },
  })
  const { stdout } = await piko('status upstream endpoints --verbose --output table', url)
  expect(stdout).toBe('ENDPOINT   UPSTREAM\nshop       192.0.2.7:50000\n')
})

test('--forward names the node that answers', async () => {
  const { url, asked } = await adminPort(NODES)
  expect(await piko('status cluster nodes --forward n2', url)).toMatchObject({ code: 0 })
  expect(asked).toEqual(['/status/cluster/nodes?forward=n2'])
})

test('a name in a path is encoded', async () => {
  const { url, asked } = await adminPort({})
  await piko('status gossip node a/b?c', url)
  expect(asked).toEqual(['/status/gossip/nodes/a%2Fb%3Fc'])
})

test.each([
  ['status cluster nodes', 'failed to get cluster nodes: request: bad status: 404'],
  ['status gossip nodes', 'failed to get gossip nodes: request: bad status: 404'],
  [
    'status cluster node n9',
    'failed to get cluster node: request: bad status: 404 (no node "n9" is known)',
  ],
  [
    'status cluster nodes --forward n9',
    'failed to get cluster nodes: request: bad status: 404 (no node "n9" to forward to)',
  ],
])('%s fails with what was answered', async (line, message) => {
  const { url } = await adminPort({})
  expect(await piko(line, url)).toEqual({ code: 1, stdout: '', stderr: `piko: ${message}\n` })
})

test('a port where nobody listens is explained', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  const url = `http://127.0.0.1:${port}`
  const { code, stderr } = await piko('status cluster nodes', url)
  expect(code).toBe(1)
  expect(stderr).toBe(
    `piko: failed to get cluster nodes: request: nothing listens at ${url}; ` +
      'check that the node runs, and that --server.url names its admin port\n',
  )
})

test('a port that answers something else is no admin port', async () => {
  const { url } = await adminPort({ '/status/cluster/nodes': '<html>' })
  const { code, stderr } = await piko('status cluster nodes', url)
  expect(code).toBe(1)
  expect(stderr).toContain(`${url} is no admin port: its answer is not JSON`)
})

test.each([
  ['status', 'piko status cluster nodes '],
  ['server status', 'piko server status cluster nodes '],
  ['status cluster', 'piko status cluster node <id|local>'],
])('piko %s lists the commands in the words that were begun with', async (line, row) => {
  expect((await piko(line)).stdout).toContain(`  ${row}`)
})

test.each([
  [
    'status cluster nods',
    'unknown command "status cluster nods"; did you mean "piko status cluster nodes"?',
  ],
  ['status x', 'unknown command "status x"; see piko status --help'],
  [
    'status cluster node',
    '<id|local> is missing; usage: piko status cluster node <id|local> [flags]',
  ],
])('%s is refused', async (line, message) => {
  const { code, stderr } = await piko(`${line} --output json`)
  expect(stderr).toContain(message)
  expect(code).toBe(2)
})
