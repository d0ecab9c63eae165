import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { TestAuthority } from '../../test/support/certificates.ts'
import { ServerTls } from './server-tls.ts'
import type { ServerTlsFiles } from './server-tls.ts'
import { TlsError } from './tls-error.ts'
import type { TlsErrorCode } from './tls-error.ts'

const authority = new TestAuthority()
const [own, another] = [authority.issue(), authority.issue()]
const folder = dirname(own.cert)
const written = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const junk = written('junk', 'no PEM')
const broken = written('broken', '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n')

type Row = readonly [name: string, files: Partial<ServerTlsFiles>, code: TlsErrorCode, said: string]

test.each<Row>([
  [
    'a file that is not there',
    { cert: '/nowhere/a.pem' },
    'certificate',
    'cert /nowhere/a.pem does not exist',
  ],
  ['a folder', { key: '/tmp' }, 'key', 'key /tmp is a directory'],
  ['no certificate', { cert: junk }, 'certificate', `cert ${junk} is no PEM certificate`],
  ['no key', { key: junk }, 'key', `key ${junk} is no PEM private key without passphrase`],
  [
    'the key of another',
    { key: another.key },
    'key',
    `key ${another.key} is not the key of ${own.cert}`,
  ],
  [
    'no authorities',
    { clientCas: junk },
    'authorities',
    `client cas ${junk} holds no PEM certificate`,
  ],
  [
    'broken ones',
    { clientCas: broken },
    'authorities',
    `client cas ${broken} holds a broken certificate`,
  ],
])('%s: the message says which file', (_name, files, code, expected) => {
  const load = () => new ServerTls({ ...own, clientCas: '', ...files })
  expect(load).toThrow(new TlsError(code, expected))
})
