#!/usr/bin/env node
import { run } from './cli/run.ts'

const code = await run(process.argv.slice(2), {
  env: process.env,
  print: (text) => process.stdout.write(text),
  warn: (text) => process.stderr.write(text),
})
// Whatever still holds the event loop open is of no use to anybody now.
process.exit(code)
