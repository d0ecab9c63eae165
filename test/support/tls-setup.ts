import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { readCertificate, TestAuthority } from './certificates.ts'
import type { CertificateFiles } from './certificates.ts'

/** How much TLS a cluster and its clients use, on every port alike. */
export type TlsMode = 'plain' | 'TLS' | 'mTLS'

/** Everything that a test of one mode starts its programs and clients with. */
export class TlsSetup {
  readonly mode: TlsMode
  readonly scheme: 'http' | 'https'
  readonly authority = new TestAuthority()
  readonly server: CertificateFiles = this.authority.issue()
  readonly client: CertificateFiles = this.authority.issue({ names: ['DNS:client'] })

  constructor(mode: TlsMode) {
    this.mode = mode
    this.scheme = mode === 'plain' ? 'http' : 'https'
  }

  /** Of a node: TLS on all three ports, and a secret between nodes. */
  get serverFlags(): string[] {
    if (this.mode === 'plain') return []
    const { cert, key } = this.server
    const settings = [`cert=${cert}`, `key=${key}`]
    if (this.mode === 'mTLS') settings.push(`client-cas=${this.authority.cert}`)
    const ports = ['proxy', 'upstream', 'admin'].flatMap((port) =>
      settings.map((setting) => `--${port}.tls.${setting}`),
    )
    return [
      ...ports,
      '--cluster.secret=what nodes whisper',
      ...this.clientFlags('--admin.tls.client'),
    ]
  }

  /** Of whoever connects to a node, by what their flags begin with: `--connect.tls`. */
  clientFlags(prefix: string): string[] {
    if (this.mode === 'plain') return []
    const { cert, key } = this.client
    return [
      `${prefix}.root-cas=${this.authority.cert}`,
      ...(this.mode === 'mTLS' ? [`${prefix}.cert=${cert}`, `${prefix}.key=${key}`] : []),
    ]
  }

  /** Of an agent, towards a node's upstream port; of forward, towards its proxy port. */
  connectFlags({ port }: { readonly port: number }): string[] {
    const url = `--connect.url=${this.scheme}://127.0.0.1:${port}`
    return [url, ...this.clientFlags('--connect.tls')]
  }

  /** Of clients made of Node's own modules; undefined where they speak plain HTTP. */
  get connectOptions(): ConnectionOptions | undefined {
    if (this.mode === 'plain') return undefined
    const ca = readFileSync(this.authority.cert)
    return { ca, ...(this.mode === 'mTLS' && readCertificate(this.client)) }
  }
}
