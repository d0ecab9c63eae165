import type { IncomingMessage } from 'node:http'
import { Connection } from './connection.ts'

/** What is known of a request beside itself. */
export interface RequestFacts {
  /** The endpoint that the client asked for; undefined for requests that came past Piko. */
  readonly endpoint: string | undefined
  /**
   * The `X-Request-Id` that the client or a proxy in front of Piko gave the request, else the id of
   * its connection, which is its alone.
   */
  readonly requestId: string | undefined
  /**
   * Who connected to the Piko node, by address: the client, or the load balancer in front of the
   * node. It was added by the node itself and cannot be forged by the client.
   */
  readonly peerAddress: string | undefined
  /** All of `X-Forwarded-For`. In front of `peerAddress` is what others claim. */
  readonly forwardedFor: readonly string[]
}

/** Says who sent a request, as far as Piko knows. */
export function describeRequest(request: IncomingMessage): RequestFacts {
  const { socket, headers } = request
  const connection: unknown = socket
  const own = connection instanceof Connection ? connection : undefined
  const forwardedFor = textOf(headers['x-forwarded-for'])
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
  return {
    endpoint: own?.endpoint,
    requestId: textOf(headers['x-request-id']) || own?.id,
    peerAddress: forwardedFor.at(-1) ?? socket.remoteAddress,
    forwardedFor,
  }
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(',') ?? '')
}
