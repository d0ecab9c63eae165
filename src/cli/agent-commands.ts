import { Agent } from '../agent/agent.ts'
import type { AgentConfig } from '../agent/config.ts'
import { agentConfig, agentHttpConfig } from '../agent/config.ts'
import { SERVICE_ADDRESS_FORMS, parseServiceAddress } from '../agent/service-address.ts'
import { openLog } from '../log/json-logger.ts'
import { defineCommand } from './command.ts'
import { runProgram } from './run-program.ts'
import { UsageError } from './usage-error.ts'

export const agentStartCommand = defineCommand({
  words: ['agent', 'start'],
  arguments: '',
  summary: 'Register the listeners of a configuration file',
  description:
    'Registers every listener of the file and forwards its requests to the service behind it.\n' +
    'The agent connects to Piko, so the services need no public port.',
  examples: ['piko agent start --config.path agent.yaml'],
  root: agentConfig,
  async run({ config }) {
    if (config.listeners.length === 0) {
      throw new UsageError('no listeners configured; --config.path names the file that has them')
    }
    return runAgent(config)
  },
})

export const agentHttpCommand = defineCommand({
  words: ['agent', 'http'],
  // How the first documents write it.
  aliases: [['agent']],
  arguments: '<endpoint> <addr>',
  summary: 'Register one endpoint for an HTTP service',
  description:
    'Registers the endpoint and forwards its requests to the HTTP service at <addr>:\n' +
    `${SERVICE_ADDRESS_FORMS}.`,
  examples: [
    'piko agent http my-endpoint 3000',
    'piko agent http my-endpoint 10.0.0.7:8080 --connect.url https://piko.example.com:8001',
  ],
  root: agentHttpConfig,
  async run({ config, positionals }) {
    const [endpointId, addr] = positionals as [string, string]
    if (parseServiceAddress(addr) === undefined) {
      throw new UsageError(`${addr} is no address; give ${SERVICE_ADDRESS_FORMS}`)
    }
    const { timeoutMs, accessLog, httpClient, ...program } = config
    const listener = {
      endpointId,
      addr,
      protocol: 'http',
      timeoutMs,
      accessLog,
      httpClient,
    } as const
    return runAgent({ ...program, listeners: [listener] })
  },
})

async function runAgent(config: AgentConfig): Promise<number> {
  const log = openLog(config.log)
  return runProgram(new Agent(config, log.logger), log)
}
