/** The SDK: programs that are upstreams by themselves, and clients of endpoints. */
export { Connection } from './connection.ts'
export type {
  ClientLogger,
  ConnectOptions,
  DialOptions,
  ListenOptions,
  TokenSource,
} from './connect-options.ts'
export { dial } from './dial.ts'
export { EndpointAgent } from './endpoint-agent.ts'
export { endpointConnector } from './endpoint-connector.ts'
export type { EndpointConnector } from './endpoint-connector.ts'
export type { HttpDialOptions } from './endpoint-name.ts'
export type { FetchHandler } from './fetch-handler.ts'
export { listen } from './listen.ts'
export { Listener } from './listener.ts'
export type { ConnectionServer, ListenerEvents } from './listener.ts'
export { PIKO_ERRORS, PikoError } from './piko-error.ts'
export type { PikoErrorCode } from './piko-error.ts'
export { describeRequest } from './request-facts.ts'
export type { RequestFacts } from './request-facts.ts'
export { serve } from './serve.ts'
