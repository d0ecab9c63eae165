import { Agent } from '../agent/agent.ts'
import type { AgentConfig, AgentHttpConfig, AgentTcpConfig } from '../agent/config.ts'
import { agentConfig, agentHttpConfig, agentTcpConfig } from '../agent/config.ts'
import {
  isTcpServiceAddress,
  parseServiceAddress,
  SERVICE_ADDRESS_FORMS,
  TCP_SERVICE_ADDRESS_FORMS,
} from '../agent/service-address.ts'
import { list, section } from '../config/section.ts'
import type { Logger } from '../log/logger.ts'
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
  async run({ config, source }) {
    return runProgram({ config, source, read: (changed) => changed, create: createAgent })
  },
})

export const agentHttpCommand = defineCommand({
  words: ['agent', 'http'],
  // How the first documents write it.
  aliases: [['agent']],
  arguments: '[<endpoint> <addr>]',
  summary: 'Register one endpoint for an HTTP service',
  description:
    'Registers the endpoint and forwards its requests to the HTTP service at <addr>:\n' +
    `${SERVICE_ADDRESS_FORMS}.`,
  examples: [
    'piko agent http my-endpoint 3000',
    'piko agent http my-endpoint 10.0.0.7:8080 --connect.url https://piko.example.com:8001',
    'piko agent --endpoints my-endpoint/localhost:4000,other/localhost:4001',
  ],
  root: agentHttpConfig,
  own: section({
    endpoints: list({
      basic: true,
      help: 'Endpoints with their services in one word each, as in my-endpoint/localhost:4000.',
    }),
  }),
  async run({ config, own, positionals, source }) {
    const services = servicesOf(positionals, own.endpoints)
    const asAgent = (changed: AgentHttpConfig): AgentConfig => {
      const { timeoutMs, accessLog, httpClient, tls, ...program } = changed
      const asListener = ({ endpointId, addr }: Service) =>
        ({ endpointId, addr, protocol: 'http', timeoutMs, accessLog, httpClient, tls }) as const
      return { ...program, listeners: services.map(asListener) }
    }
    return runProgram({ config, source, read: asAgent, create: createAgent })
  },
})

interface Service {
  readonly endpointId: string
  readonly addr: string
}

/** What the arguments and `--endpoints` name. Throws a UsageError. */
function servicesOf(positionals: readonly string[], endpoints: readonly string[]): Service[] {
  const [endpointId, addr] = positionals
  const services = endpoints.map((written) => {
    const [, id = '', service = ''] = /^([^/]*)\/?(.*)$/.exec(written) ?? []
    return { endpointId: id, addr: service }
  })
  if (endpointId !== undefined && addr !== undefined) services.unshift({ endpointId, addr })
  if (services.length === 0) {
    throw new UsageError('<endpoint> is missing; usage: piko agent http <endpoint> <addr> [flags]')
  }
  for (const service of services) {
    if (service.endpointId === '') throw new UsageError('an endpoint has no name')
    if (parseServiceAddress(service.addr) !== undefined) continue
    const problem =
      service.addr === ''
        ? `${service.endpointId} has no address behind a slash`
        : `${service.addr} is no address`
    throw new UsageError(`${problem}; give ${SERVICE_ADDRESS_FORMS}`)
  }
  return services
}

export const agentTcpCommand = defineCommand({
  words: ['agent', 'tcp'],
  arguments: '<endpoint> <addr>',
  summary: 'Register one endpoint for a TCP service',
  description:
    'Registers the endpoint and forwards its connections to the TCP service at <addr>:\n' +
    `${TCP_SERVICE_ADDRESS_FORMS}. Clients reach it with piko forward tcp, or with the SDK.`,
  examples: [
    'piko agent tcp my-redis 6379',
    'piko agent tcp my-db 10.0.0.7:5432 --connect.url https://piko.example.com:8001',
  ],
  root: agentTcpConfig,
  async run({ config, positionals, source }) {
    const [endpointId, addr] = positionals as [string, string]
    if (!isTcpServiceAddress(addr)) {
      throw new UsageError(`${addr} is no address; give ${TCP_SERVICE_ADDRESS_FORMS}`)
    }
    const asAgent = (changed: AgentTcpConfig): AgentConfig => {
      const { timeoutMs, accessLog, ...program } = changed
      return {
        ...program,
        listeners: [{ endpointId, addr, protocol: 'tcp', timeoutMs, accessLog }],
      }
    }
    return runProgram({ config, source, read: asAgent, create: createAgent })
  },
})

function createAgent(config: AgentConfig, logger: Logger): Agent {
  return new Agent(config, logger)
}
