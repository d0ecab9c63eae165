import { build } from 'esbuild'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import * as sdk from '../../src/client/index.ts'
import { RunningProgram } from '../support/running-program.ts'
import { ask, startNode } from '../support/sdk.ts'

/** The package's main export as its users load it: from dist, as `piko`. */

/** `piko` is found from folders of dist. */
function makeFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'sdk-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Prints what is loaded from files. */
const SHOW_LOADED = `
  import { writeSync } from 'node:fs'
  export async function load(url, context, next) {
    if (url.startsWith('file:')) writeSync(1, 'loaded ' + url + '\\n')
    return next(url, context)
  }`

test('the SDK loads itself and the layers below, and nothing else', async () => {
  const hooks = `data:text/javascript,${encodeURIComponent(SHOW_LOADED)}`
  const program = new RunningProgram([
    '--input-type=module',
    '--eval',
    `import { register } from 'node:module'
     register(${JSON.stringify(hooks)})
     await import('piko')`,
  ])
  const { code, stdout } = await program.ended
  expect(code).toBe(0)
  const loaded = Array.from(stdout.matchAll(/^loaded .*\/dist\/(\w+)\//gm), ([, layer]) => layer)
  expect(new Set(loaded)).toEqual(new Set(['client', 'net', 'yamux', 'std']))
  expect(stdout.match(/^loaded /gm)).toHaveLength(loaded.length)
})

test('CommonJS programs require it', async () => {
  const script = "console.log(Object.keys(require('piko')).sort().join())"
  const { code, stdout } = await new RunningProgram(['--eval', script]).ended
  expect([code, stdout.trim().split(',')]).toEqual([0, Object.keys(sdk).toSorted()])
})

/** Serves an endpoint and asks it. */
const PROGRAM = `
  import { get } from 'node:http'
  import { EndpointAgent, serve } from 'piko'
  const { LISTEN_URL, DIAL_URL } = process.env
  const about = { url: LISTEN_URL, logger: console }
  serve('my-endpoint', () => new Response('bundled'), about).then(() => {
    const agent = new EndpointAgent({ url: DIAL_URL })
    get('http://my-endpoint/', { agent }, ({ statusCode }) => console.log('dialled', statusCode))
  })`

test.each(['esm', 'cjs'] as const)(
  'a program with the SDK is bundled into one %s file that listens and dials',
  async (format) => {
    const { node, url, dialUrl } = await startNode()
    const source = join(makeFolder('dist'), 'program.js')
    // From where nothing else of the package is found.
    const bundle = join(makeFolder(tmpdir()), format === 'esm' ? 'bundle.mjs' : 'bundle.cjs')
    writeFileSync(source, PROGRAM)
    const { warnings } = await build({
      entryPoints: [source],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format,
      logLevel: 'silent',
    })
    expect(warnings).toEqual([])
    const program = new RunningProgram([bundle], { LISTEN_URL: url, DIAL_URL: dialUrl })
    await program.line(/^connected /)
    await program.line(/^dialled 200$/)
    expect(await (await ask(node)).text()).toBe('bundled')
  },
)
