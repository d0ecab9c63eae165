import { Server } from '../server/server.ts'
import { serverConfig } from '../server/config.ts'
import { defineCommand } from './command.ts'
import { runProgram } from './run-program.ts'

export const serverCommand = defineCommand({
  words: ['server'],
  arguments: '',
  summary: 'Run a Piko node',
  description:
    'Runs a node: clients send requests to its proxy port, agents and SDK programs connect to\n' +
    'its upstream port, operators look at its admin port. SIGTERM and Ctrl-C let requests finish.',
  examples: [
    'piko server',
    'piko server --config.path /etc/piko/server.yaml --config.expand-env',
    'piko server --proxy.bind-addr :80 --log.level warn',
  ],
  root: serverConfig,
  async run({ config, source }) {
    return runProgram({
      config,
      source,
      read: (changed) => changed,
      create: (settled, logger) => new Server(settled, logger),
    })
  },
})
