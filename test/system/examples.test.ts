import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { RunningServer } from '../support/piko.ts'
import { RunningProgram } from '../support/running-program.ts'
import { ask, startNode } from '../support/sdk.ts'

/** The examples, each run as its line in examples/README.md says. */

const LINES = Array.from(
  readFileSync('examples/README.md', 'utf8').matchAll(/^\| `node (\S+)` \|/gm),
  ([, path = '']) => path,
)

function run(name: string, url: string): RunningProgram {
  const path = LINES.find((line) => line.endsWith(`/${name}.js`))
  if (path === undefined) throw new Error(`${name} has no line in examples/README.md`)
  return new RunningProgram([path], { PIKO_URL: url })
}

/** Runs an upstream until it is connected. */
async function upstream(name: string): Promise<RunningServer> {
  const { node, url } = await startNode()
  await run(name, url).line(/connected/)
  return node
}

test('every example has a test', () => {
  const tested = ['http-server', 'express', 'hono']
  const names = LINES.map((path) => path.slice(path.lastIndexOf('/') + 1, -'.js'.length))
  expect(names).toEqual(tested)
})

test('http-server answers', async () => {
  const node = await upstream('http-server')
  expect(await (await ask(node, '/some/path')).text()).toBe('hello from /some/path\n')
})

test.each(['express', 'hono'])('%s answers', async (name) => {
  const node = await upstream(name)
  expect(await (await ask(node, '/hello/you')).text()).toBe('hello you\n')
  expect((await ask(node, '/nowhere')).status).toBe(404)
})
