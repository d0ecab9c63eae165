import type { ForwardConfig, ForwardTcpConfig } from '../forward/config.ts'
import { forwardConfig, forwardTcpConfig } from '../forward/config.ts'
import { Forward } from '../forward/forward.ts'
import { LOCAL_ADDRESS_FORMS, parseLocalAddress } from '../forward/local-address.ts'
import type { Logger } from '../log/logger.ts'
import { defineCommand } from './command.ts'
import { runProgram } from './run-program.ts'
import { UsageError } from './usage-error.ts'

export const forwardTcpCommand = defineCommand({
  words: ['forward', 'tcp'],
  arguments: '<addr> <endpoint>',
  summary: 'Open a port of this machine that leads to a TCP endpoint',
  description:
    'Listens at <addr> and connects whoever comes to the TCP endpoint, through Piko:\n' +
    `${LOCAL_ADDRESS_FORMS}.`,
  examples: [
    'piko forward tcp 7000 my-redis',
    'piko forward tcp 127.0.0.1:5432 my-db --connect.url https://piko.example.com:8000',
  ],
  root: forwardTcpConfig,
  async run({ config, positionals, source }) {
    const [addr, endpointId] = positionals as [string, string]
    if (parseLocalAddress(addr) === undefined) {
      throw new UsageError(`${addr} is no address; give ${LOCAL_ADDRESS_FORMS}`)
    }
    const asForward = (changed: ForwardTcpConfig): ForwardConfig => {
      return { ...changed, ports: [{ addr, endpointId }] }
    }
    return runProgram({ config, source, read: asForward, create: createForward })
  },
})

export const forwardStartCommand = defineCommand({
  words: ['forward', 'start'],
  arguments: '',
  summary: 'Open the ports of a configuration file',
  description: 'Opens every port of the file, each of which leads to a TCP endpoint.',
  examples: ['piko forward start --config.path forward.yaml'],
  root: forwardConfig,
  async run({ config, source }) {
    return runProgram({ config, source, read: (changed) => changed, create: createForward })
  },
})

function createForward(config: ForwardConfig, logger: Logger): Forward {
  return new Forward(config, logger)
}
