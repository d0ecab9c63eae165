import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Server, ServerOptions } from 'node:https'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ClientTls } from '../../src/net/client-tls.ts'
import type { ClientTlsOptions } from '../../src/net/client-tls.ts'
import { WebSocketAcceptor } from '../../src/net/websocket-accept.ts'
import { DialError, dialWebSocket } from '../../src/net/websocket-dial.ts'
import type { WebSocketKind } from '../../src/net/websocket-kind.ts'
import { toError } from '../../src/std/errors.ts'
import { readCertificate, TestAuthority } from '../support/certificates.ts'
import { listenLocally } from './open-pair.ts'

const authority = new TestAuthority()
const stranger = new TestAuthority('Somebody Else')
const local = readCertificate(authority.issue())
const elsewhere = readCertificate(authority.issue({ names: ['DNS:piko.example', 'IP:192.0.2.1'] }))
const expired = readCertificate(authority.issue({ expired: true }))
const trusted = { rootCas: authority.pem }
const mutual = { ca: authority.pem, requestCert: true, rejectUnauthorized: true }

/** A server that takes any WebSocket, until the end of the test. */
async function serve(options: ServerOptions): Promise<number> {
  const server: Server = createHttpsServer(options)
  const acceptor = new WebSocketAcceptor()
  server.on('upgrade', (request, socket, head) => {
    acceptor.accept(request, socket, head, (transport) => {
      transport.start({ bytes: () => {}, drained: () => {}, transportClosed: () => {} })
      onTestFinished(() => transport.destroy())
    })
  })
  onTestFinished(() => void server.close())
  return listenLocally(server)
}

/** How a dial ends: 'open', or the text of its error. */
async function dial(kind: WebSocketKind, port: number, tls: ClientTlsOptions): Promise<string> {
  try {
    const transport = await dialWebSocket({
      url: new URL(`wss://localhost:${port}/`),
      headers: {},
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      kind,
      tls: new ClientTls(tls),
    })
    transport.start({ bytes: () => {}, drained: () => {}, transportClosed: () => {} })
    transport.destroy()
    return 'open'
  } catch (error) {
    expect(error).toBeInstanceOf(DialError)
    expect(error).toMatchObject({ code: 'network' })
    return toError(error).message.replace(`:${port}`, '')
  }
}

const CASES: readonly (readonly [string, ServerOptions, ClientTlsOptions, string])[] = [
  ['a trusted certificate', local, trusted, 'open'],
  [
    'an authority that nobody named',
    local,
    { rootCas: stranger.pem },
    'wss://localhost: its certificate is signed by an authority that is not trusted here; ' +
      'name that as root CA',
  ],
  ['an unknown authority that is taken', local, { insecureSkipVerify: true }, 'open'],
  ['an expired certificate', expired, trusted, 'wss://localhost: its certificate has expired'],
  [
    'a certificate of another name',
    elsewhere,
    trusted,
    'wss://localhost: its certificate is for DNS:piko.example, IP Address:192.0.2.1, ' +
      'not for localhost',
  ],
  ['another name that is expected', elsewhere, { ...trusted, serverName: 'piko.example' }, 'open'],
  ['an address that is expected', elsewhere, { ...trusted, serverName: '192.0.2.1' }, 'open'],
  [
    'a server that asks for a certificate in vain',
    { ...local, ...mutual },
    trusted,
    'wss://localhost: it asks for a client certificate',
  ],
  [
    'a server of TLS 1.2 that asks for a certificate in vain',
    { ...local, ...mutual, maxVersion: 'TLSv1.2' },
    trusted,
    'wss://localhost: it refused the handshake; it may ask for a client certificate',
  ],
  ['a client certificate', { ...local, ...mutual }, { ...trusted, ...local }, 'open'],
  [
    'a client certificate that has expired',
    { ...local, ...mutual },
    { ...trusted, ...expired },
    'wss://localhost: it closed the connection; perhaps it does not accept the client certificate',
  ],
]

describe.each(['own', 'ws'] as const)('%s dials over TLS', (kind) => {
  test.each(CASES)('%s', async (_name, server, client, expected) => {
    expect(await dial(kind, await serve(server), client)).toBe(expected)
  })

  test('a port that is plain', async () => {
    const server = createHttpServer()
    onTestFinished(() => void server.close())
    const port = await listenLocally(server)
    expect(await dial(kind, port, trusted)).toBe(
      'wss://localhost: it does not speak TLS; a URL that begins with http:// reaches it',
    )
  })
})
