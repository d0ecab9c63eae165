import { once } from 'node:events'
import { connect } from 'node:tls'
import { onTestFinished, expect, test } from 'vitest'
import { send } from '../support/http-client.ts'
import { ENDPOINT, pikoWithHttpService, pikoWithRawService } from '../support/piko.ts'
import type { Piko } from '../support/piko.ts'
import { TlsSetup } from '../support/tls-setup.ts'
import { Wire } from '../support/wire.ts'

/** How connections end over TLS, where a server cannot reset a socket as it does without. */

const setup = new TlsSetup('TLS')
const { cert, key } = setup.server
const serverFlags = [`--proxy.tls.cert=${cert}`, `--proxy.tls.key=${key}`]
const TO = `Host: a\r\nx-piko-endpoint: ${ENDPOINT}\r\n`

async function dialTls({ proxy }: Piko): Promise<Wire> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port, ...setup.connectOptions })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return new Wire(socket)
}

test('a cut answer to HTTP/1.0 is a reset: a plain end would call it complete', async () => {
  const { piko, service } = await pikoWithRawService({ serverFlags })
  const client = await dialTls(piko)
  client.send(`GET / HTTP/1.0\r\n${TO}\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await client.until('abc')
  peer.reset()
  expect(await client.ending()).toBe('reset')
})

test('an upgraded connection that the service resets is reset', async () => {
  const { piko, service } = await pikoWithRawService({ serverFlags })
  const client = await dialTls(piko)
  client.send(`GET / HTTP/1.1\r\n${TO}Connection: upgrade\r\nUpgrade: echo\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello')
  await client.until('hello')
  peer.reset()
  expect(await client.ending()).toBe('reset')
})

test('a connection serves one request after the other', async () => {
  const { piko } = await pikoWithHttpService((_request, response) => void response.end('hi'), {
    serverFlags,
  })
  const client = await dialTls(piko)
  for (const turn of ['first', 'second']) {
    client.send(`GET /${turn} HTTP/1.1\r\n${TO}\r\n`)
    expect((await client.message()).body.toString()).toBe('hi')
  }
  expect((await send(piko.proxy, { tls: setup.connectOptions })).status).toBe(200)
})
