import { existsSync } from 'node:fs'
import { describeError } from '../../src/std/errors.ts'
import { Demo } from './demo.ts'
import { readOptions, USAGE } from './options.ts'
import type { DemoOptions } from './options.ts'
import { curlLines, invitation, serverFlag } from './invitation.ts'
import { PIKO } from './piko-program.ts'

/**
 * A whole Piko cluster on one machine, for a first look: sends a request through, says how to send
 * more, and stays until Ctrl-C.
 */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    console.log(USAGE)
    return 0
  }
  const options = readOptions(argv)
  if (typeof options === 'string') {
    console.error(`demo: ${options}\n\n${USAGE}`)
    return 2
  }
  if (!existsSync(PIKO)) {
    console.error('demo: Piko is not built yet; run make demo, or make piko first')
    return 1
  }
  return run(options)
}

async function run(options: DemoOptions): Promise<number> {
  const demo = new Demo(options, (line) => console.log(line))
  const interrupted = stopSignal()
  try {
    await Promise.race([show(demo, options), interrupted])
    console.log('\nStopping.')
    return 0
  } catch (error) {
    demo.mute()
    console.error(`\ndemo: ${describeError(error)}`)
    return 1
  } finally {
    await demo.stop()
  }
}

/** Runs the demo; never resolves, and rejects when it cannot go on. */
async function show(demo: Demo, options: DemoOptions): Promise<never> {
  const ports = await demo.start()
  const { body } = await demo.sendRequest(ports)
  console.log(`\n$ ${curlLines(options.endpointId, ports)[0]}\n${body}`)
  const words = ['status', 'cluster', 'nodes', '--output', 'table', ...serverFlag(ports)]
  console.log(`$ piko ${words.join(' ')}\n${await demo.ask(...words)}`)
  console.log(invitation(options.endpointId, ports))
  return demo.watch()
}

/** Resolves at the first signal. More may follow: npm passes on a Ctrl-C that came by itself. */
async function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => resolve())
    }
  })
}

// Who reads the output may leave before us (a pager); that must not leave processes behind.
process.stdout.on('error', () => {})
process.exit(await main(process.argv.slice(2)))
