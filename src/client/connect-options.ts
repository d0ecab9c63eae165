import type { ClientTlsOptions } from '../net/client-tls.ts'
import type { BackoffOptions } from '../std/backoff.ts'

/**
 * Where the SDK tells what it does. `console` is one; so is any object whose methods take a message
 * and, behind it, an object with more.
 */
export interface ClientLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** A token, or what gives one: asked before every attempt to connect, so that tokens may expire. */
export type TokenSource = string | (() => string | Promise<string>)

/** How a program reaches Piko, whether it listens or dials. */
export interface ConnectOptions {
  /**
   * A port of a Piko node, or of the load balancer in front of the nodes: the upstream port for
   * listeners (default `http://localhost:8001`), the proxy port for dials (default
   * `http://localhost:8000`). http, https, ws or wss; a path in it is kept.
   */
  readonly url?: string
  /** Sent as `Authorization: Bearer`. */
  readonly token?: TokenSource
  /** The tenant that the endpoint belongs to, where nodes have tenants. */
  readonly tenantId?: string
  /** What is trusted and shown where the URL is https or wss. Default: Node's own authorities. */
  readonly tls?: ClientTlsOptions
  /**
   * An HTTP proxy that connects to Piko by CONNECT, `http://user:password@proxy:3128`, or https.
   * Hosts in the environment variable NO_PROXY are reached without it.
   */
  readonly proxyUrl?: string
  /** For one attempt to connect, in milliseconds. Default: 30,000. */
  readonly connectTimeoutMs?: number
  /**
   * Ends what was begun with it: a pending `listen` or `dial` rejects and a dialled connection
   * fails, with the code `aborted`; an open listener is closed.
   */
  readonly signal?: AbortSignal
  /** Default: nothing is logged. */
  readonly logger?: ClientLogger
}

/** How a program listens. */
export interface ListenOptions extends ConnectOptions {
  /**
   * How many tunnels to hold, each to another node, so that the death of a node costs no more than
   * what was on it. At most as many as the cluster has nodes. Default: 2.
   */
  readonly connections?: number
  /** Delays between attempts to connect, in milliseconds; doubled from `minMs` to `maxMs`. */
  readonly backoff?: Partial<Pick<BackoffOptions, 'minMs' | 'maxMs'>>
  /**
   * Whether a connection whose other side has ended may still be written to until this side ends
   * it too, as in `net.createServer`. Default: false.
   */
  readonly allowHalfOpen?: boolean
}

/** How a program dials. */
export interface DialOptions extends ConnectOptions {
  /** As in `ListenOptions`, for this connection. Default: false. */
  readonly allowHalfOpen?: boolean
}

export const CONNECT_TIMEOUT_MS = 30_000
