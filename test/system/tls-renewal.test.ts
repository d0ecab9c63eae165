import { EventEmitter, once } from 'node:events'
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Agent as HttpsAgent, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { ClientTlsFiles } from '../../src/net/client-tls-files.ts'
import { readCertificate, TestAuthority } from '../support/certificates.ts'
import type { CertificateFiles } from '../support/certificates.ts'
import { startNodeProcess } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { LogWatch } from '../support/log-watch.ts'
import { startAgent } from '../support/piko.ts'

const authority = new TestAuthority()
const trusted = { ca: authority.pem }

/** The files that a program is told of, which are replaced while it runs. */
class CurrentFiles implements CertificateFiles {
  private readonly folder = mkdtempSync(join(tmpdir(), 'piko-renewal-'))
  readonly cert = join(this.folder, 'cert.pem')
  readonly key = join(this.folder, 'key.pem')

  constructor() {
    onTestFinished(() => rmSync(this.folder, { recursive: true }))
    this.replace(authority.issue())
  }

  /** By rename, as careful tools do: there is never half a file. */
  replace(next: CertificateFiles): void {
    for (const name of ['key', 'cert'] as const) {
      copyFileSync(next[name], `${this[name]}.new`)
      renameSync(`${this[name]}.new`, this[name])
    }
  }

  /** In place, and nothing that anybody could use. */
  spoil(): void {
    writeFileSync(this.cert, 'no certificate')
  }
}

/** The name in the certificate that a port shows. */
async function shownBy(port: number): Promise<string | string[] | undefined> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ...trusted })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return CN
}

/** Sends requests until it is told to stop, on kept connections and on new ones. */
class Load {
  readonly failures: unknown[] = []
  answered = 0
  private readonly news = new EventEmitter()
  private readonly kept = new HttpsAgent({ keepAlive: true, maxSockets: 4 })
  private readonly workers: Promise<void>[]
  private stopped = false

  constructor(port: number) {
    this.workers = Array.from({ length: 6 }, async (_, i) => this.work(port, i % 2 === 0))
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.workers)
    this.kept.destroy()
  }

  /** Resolves when so many more were answered. */
  async more(count: number): Promise<void> {
    const { answered } = this
    while (this.answered <= answered + count) await once(this.news, 'answer')
  }

  private async work(port: number, keeps: boolean): Promise<void> {
    while (!this.stopped) {
      const agent = keeps ? this.kept : false
      try {
        const answer = await send({ host: '', port }, { tls: { ...trusted }, agent })
        if (answer.status === 200) this.answered += 1
        else this.failures.push(answer.status)
        this.news.emit('answer')
      } catch (error) {
        this.failures.push(error)
      }
    }
  }
}

test('under load a node takes new certificates, and no bad ones', async () => {
  const [proxy, upstream] = [new CurrentFiles(), new CurrentFiles()]
  const node = await startNodeProcess('n1', [
    `--proxy.tls.cert=${proxy.cert}`,
    `--proxy.tls.key=${proxy.key}`,
    `--upstream.tls.cert=${upstream.cert}`,
    `--upstream.tls.key=${upstream.key}`,
  ])
  const service = await HttpService.start((_request, response) => void response.end('hi'))
  onTestFinished(async () => service.close())
  const { log } = await startAgent(node.upstream, service, {
    flags: [
      `--connect.url=https://127.0.0.1:${node.upstream.port}`,
      `--connect.tls.root-cas=${authority.cert}`,
    ],
  })
  await log.logged('connected')
  const first = await shownBy(node.proxy.port)
  const load = new Load(node.proxy.port)
  await load.more(50)

  proxy.replace(authority.issue())
  await node.program.line(/"msg":"certificate renewed".*"port":"proxy"/)
  const second = await shownBy(node.proxy.port)
  expect(second).not.toBe(first)
  await load.more(50)

  upstream.replace(authority.issue())
  await node.program.line(/"msg":"certificate renewed".*"port":"upstream"/)
  await load.more(50)

  proxy.replace(authority.issue({ expired: true }))
  await node.program.line(/"certificate not renewed.*"port":"proxy".*has expired on 2020-01-02/)
  proxy.spoil()
  await node.program.line(/"certificate not renewed.*"port":"proxy".*is no PEM certificate/)
  expect(await shownBy(node.proxy.port)).toBe(second)
  await load.more(50)

  proxy.replace(authority.issue())
  node.program.child.kill('SIGHUP')
  await expect.poll(async () => shownBy(node.proxy.port)).not.toBe(second)
  await load.more(50)
  await load.stop()
  expect(load.failures).toEqual([])
  expect(log.count('disconnected')).toBe(0)
})

test('an agent shows a renewed certificate from its next connection on', async () => {
  const files = new CurrentFiles()
  const log = new LogWatch()
  const { cert, key } = files
  const checks = { rootCas: authority.cert, serverName: '', insecureSkipVerify: false }
  const tls = new ClientTlsFiles({ cert, key, ...checks }, 'connect: tls', log)
  const seen: unknown[] = []
  const server = createServer(
    { ...readCertificate(authority.issue()), ca: authority.pem, requestCert: true },
    (request, response) => {
      seen.push((request.socket as TLSSocket).getPeerCertificate().subject.CN)
      response.end()
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const dial = async () =>
    send({ host: '', port }, { tls: tls.current.connectOptions('127.0.0.1'), agent: false })

  await dial()
  await dial()
  files.replace(authority.issue())
  await dial()
  files.spoil()
  await dial()
  expect(seen[1]).toBe(seen[0])
  expect(seen[2]).not.toBe(seen[0])
  expect(seen[3]).toBe(seen[2])
  expect(log.fieldsOf('certificates not read again; those before stay in use')).toEqual([
    { reason: expect.stringMatching(/^connect: tls: cert .* is no PEM certificate/) },
  ])
})
