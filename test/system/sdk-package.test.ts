import { build } from 'esbuild'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { RunningProgram } from '../support/running-program.ts'
import { ask, startNode } from '../support/sdk.ts'

/** The package's main export as its users load it: from dist, as `piko`. */

/** A folder from which `piko` is found. */
function makeFolder(): string {
  const folder = mkdtempSync(join('dist', 'sdk-test-'))
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

test('a program with the SDK is bundled into one file that listens and dials', async () => {
  const { node, url, dialUrl } = await startNode()
  const folder = makeFolder()
  const source = join(folder, 'program.js')
  const bundle = join(folder, 'bundle.mjs')
  writeFileSync(
    source,
    `import { get } from 'node:http'
     import { EndpointAgent, serve } from 'piko'
     const listener = await serve('my-endpoint', () => new Response('bundled'), {
       url: ${JSON.stringify(url)},
     })
     console.log('serving', listener.endpoint)
     const agent = new EndpointAgent({ url: ${JSON.stringify(dialUrl)} })
     get('http://my-endpoint/', { agent }, ({ statusCode }) => console.log('dialled', statusCode))`,
  )
  const { warnings } = await build({
    entryPoints: [source],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
  expect(warnings).toEqual([])
  const program = new RunningProgram([bundle])
  await program.line(/^serving my-endpoint$/)
  await program.line(/^dialled 200$/)
  expect(await (await ask(node)).text()).toBe('bundled')
})
