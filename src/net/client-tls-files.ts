import { statSync } from 'node:fs'
import type { Logger } from '../log/logger.ts'
import { describeError } from '../std/errors.ts'
import { ClientTls } from './client-tls.ts'
import { readAuthorities, readCertificate } from './tls-files.ts'
import type { CertificateFiles } from './tls-files.ts'
import { inPlace } from './tls-error.ts'

/** Paths of PEM files and what goes with them; '' where there is none. */
export interface ClientTlsSettings extends CertificateFiles {
  readonly rootCas: string
  readonly serverName: string
  readonly insecureSkipVerify: boolean
}

/**
 * The TLS of outbound connections, from files. Who dials asks for it each time, and so shows a
 * renewed certificate from the next connection on; files that cannot be used change nothing.
 */
export class ClientTlsFiles {
  private readonly settings: ClientTlsSettings
  private readonly logger: Logger
  private readonly place: string
  private tls: ClientTls
  /** What the files were when they were last read. */
  private seen: string

  /** `place` is that of the settings: `connect: tls`. Throws a TlsError. */
  constructor(settings: ClientTlsSettings, place: string, logger: Logger) {
    this.settings = settings
    this.place = place
    this.logger = logger
    this.seen = this.look()
    this.tls = inPlace(place, () => loadClientTls(settings))
  }

  /** With the files as they are now. */
  get current(): ClientTls {
    const now = this.look()
    if (now === this.seen) return this.tls
    this.seen = now
    try {
      this.tls = inPlace(this.place, () => loadClientTls(this.settings))
      this.logger.info('certificates read again', { setting: this.place })
    } catch (error) {
      const reason = describeError(error)
      this.logger.error('certificates not read again; those before stay in use', { reason })
    }
    return this.tls
  }

  private look(): string {
    const { cert, key, rootCas } = this.settings
    return [cert, key, rootCas].map(stateOf).join('\n')
  }
}

/** Reads the files once. Throws a TlsError. */
export function loadClientTls({
  cert,
  key,
  rootCas,
  serverName,
  insecureSkipVerify,
}: ClientTlsSettings): ClientTls {
  return new ClientTls({
    ...(cert !== '' && readCertificate({ cert, key })),
    ...(rootCas !== '' && { rootCas: readAuthorities(rootCas, 'root cas') }),
    ...(serverName !== '' && { serverName }),
    insecureSkipVerify,
  })
}

/** What tells one state of a file from the next, links followed; '' when there is none. */
function stateOf(path: string): string {
  const stats = path === '' ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`
}
