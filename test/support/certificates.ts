import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files with a certificate and its key, as an operator has them. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** As openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[]
  /** Valid on one day, long ago. */
  readonly expired?: boolean
}

const LOCAL = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1']

/** Elliptic keys are made in no time. */
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** What `openssl ca` insists on; it alone can put a date into the past. */
const CA_SETTINGS = `[ca]
default_ca = ca_default
[ca_default]
database = index
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`

/** A certificate authority for tests, made by openssl in a directory that goes with the process. */
export class TestAuthority {
  /** File with the authority's own certificate. */
  readonly cert: string
  private readonly directory = mkdtempSync(join(tmpdir(), 'piko-certificates-'))
  private count = 0

  constructor(name = 'Test CA') {
    process.once('exit', () => rmSync(this.directory, { recursive: true, force: true }))
    this.cert = join(this.directory, 'ca.pem')
    writeFileSync(join(this.directory, 'ca.cnf'), CA_SETTINGS)
    writeFileSync(join(this.directory, 'index'), '')
    const subject = ['-subj', `/CN=${name}`, '-days', '2']
    this.openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', 'ca.key', '-out', 'ca.pem')
  }

  /** The authority's certificate as text. */
  get pem(): string {
    return readFileSync(this.cert, 'utf8')
  }

  /** A new certificate and key; for this machine, unless `names` says otherwise. */
  issue({ names = LOCAL, expired = false }: CertificateOptions = {}): CertificateFiles {
    const name = `issued-${++this.count}`
    const [cert, key, request] = [`${name}.pem`, `${name}.key`, `${name}.csr`]
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names.join(',')}`]
    this.openssl('req', '-new', ...NEW_KEY, ...subject, '-keyout', key, '-out', request)
    const dates = expired
      ? ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z']
      : ['-days', '2']
    const authority = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key']
    const files = ['-in', request, '-out', cert]
    this.openssl('ca', '-batch', '-notext', ...authority, ...dates, ...files)
    return { cert: join(this.directory, cert), key: join(this.directory, key) }
  }

  private openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' })
  }
}

/** The texts of the files. */
export function readCertificate({ cert, key }: CertificateFiles): CertificateFiles {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}
