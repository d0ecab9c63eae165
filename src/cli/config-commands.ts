import { formatProblem } from '../config/format-problems.ts'
import { jsonSchema } from '../config/json-schema.ts'
import { configFlags, loadConfig } from '../config/load-config.ts'
import { resolvedYaml } from '../config/resolved-yaml.ts'
import { section } from '../config/section.ts'
import { definePlainCommand } from './command.ts'
import type { Command } from './command.ts'
import { guessKind, KIND_WORDS, sectionOfKind } from './config-kinds.ts'
import { ExitCode } from './exit-code.ts'

const { expandEnv } = configFlags.fields.config.fields

const configCheckCommand = definePlainCommand({
  words: ['config', 'check'],
  arguments: `[${KIND_WORDS.join('|')}] <file>`,
  summary: 'Check a configuration file',
  description:
    'Prints the configuration that the file gives, with every default and without secrets, or\n' +
    'everything that is wrong with it. What the file is for follows from its keys unless said.',
  examples: [
    'piko config check server.yaml',
    'piko config check agent agent.yaml --config.expand-env',
  ],
  own: section({ config: section({ expandEnv }) }),
  async run({ positionals, own, context }) {
    const file = positionals.at(-1) as string
    const kind = positionals.length > 1 ? (positionals[0] as string) : guessKind(file)
    const root = sectionOfKind(kind)
    const config = loadConfig(root, {
      file,
      env: context.env,
      expandEnv: own.config.expandEnv,
      onWarning: (warning) => context.warn(`${formatProblem(warning)}\n`),
    })
    context.print(`# piko ${kind === 'server' ? kind : `${kind} start`}\n`)
    context.print(resolvedYaml(root, config))
    return ExitCode.ok
  },
})

const configSchemaCommand = definePlainCommand({
  words: ['config', 'schema'],
  arguments: `<${KIND_WORDS.join('|')}>`,
  summary: 'Print the JSON Schema of a configuration file',
  description: 'Prints the schema by which editors check a file while you write it.',
  examples: ['piko config schema server > server.schema.json'],
  own: section({}),
  async run({ positionals, context }) {
    const kind = positionals[0] as string
    const schema = jsonSchema(sectionOfKind(kind), `piko ${kind}`)
    context.print(`${JSON.stringify(schema, undefined, 2)}\n`)
    return ExitCode.ok
  },
})

export const CONFIG_COMMANDS: readonly Command[] = [configCheckCommand, configSchemaCommand]
