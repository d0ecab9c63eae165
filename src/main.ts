#!/usr/bin/env node
import { wantsColor } from './cli/colors.ts'
import { run } from './cli/run.ts'

const { env, stdout, stderr } = process
const code = await run(process.argv.slice(2), {
  env,
  print: (text) => stdout.write(text),
  warn: (text) => stderr.write(text),
  colors: { print: wantsColor(stdout, env), warn: wantsColor(stderr, env) },
  rename: (title) => {
    process.title = title
  },
})
// Whatever still holds the event loop open is of no use to anybody now.
process.exit(code)
