import { path } from '../config/file-fields.ts'
import { flag } from '../config/number-fields.ts'
import { section } from '../config/section.ts'
import type { Complaint, ConfigOf } from '../config/section.ts'
import { text } from '../config/text-fields.ts'

const KEY_HELP = 'PEM file with the key of the certificate, without a passphrase.'

/** The TLS of outbound connections to `whom`, as help names them: `an https service`. */
export function clientTlsSection(whom: string) {
  const fields = {
    cert: path({
      help: `PEM file with the client certificate, and its chain, that is shown to ${whom}.`,
    }),
    key: path({ help: KEY_HELP }),
    rootCas: path({
      help:
        `PEM file with the authorities that certificates of ${whom} are checked by, in the place ` +
        'of the list that comes with Node.',
    }),
    serverName: text({
      help: `Name that the certificate of ${whom} must have, if it is not the one in the address.`,
    }),
    insecureSkipVerify: flag({
      help: 'Take any certificate. Whoever is in between can then read and change everything.',
    }),
  }
  return section(fields, { help: `TLS of connections to ${whom}.`, check: halfCertificate })
}

/** The same names where nothing is dialled: read, so that files of the deployed Piko load. */
export function unusedClientTlsSection(reason: string) {
  const help = `Accepted and not used: ${reason}.`
  const fields = {
    cert: path({ help }),
    key: path({ help }),
    rootCas: path({ help }),
    serverName: text({ help }),
    insecureSkipVerify: flag({ help }),
  }
  return section(fields, { help, check: halfCertificate })
}

/** The TLS of a listening port. `client` is a section for what is dialled from it. */
export function serverTlsSection(client: ReturnType<typeof clientTlsSection>) {
  const fields = {
    cert: path({ help: 'PEM file with the certificate of the port and its chain. Turns TLS on.' }),
    key: path({ help: KEY_HELP }),
    clientCas: path({
      help:
        'PEM file with authorities of client certificates. With it, clients that show no ' +
        'certificate of theirs are not let in (mTLS).',
    }),
    client,
    enabled: flag({
      deprecated: 'cert turns TLS on',
      help: 'Of early files. Without a certificate it is a mistake.',
    }),
  }
  return section(fields, {
    help: 'TLS of the port. Files are read again when they change.',
    *check(tls) {
      yield* halfCertificate(tls)
      if (tls.enabled && tls.cert === '') yield { at: 'enabled', text: 'missing cert' }
      if (tls.cert === '' && tls.key === '' && tls.clientCas !== '') {
        yield { at: 'client_cas', text: 'missing cert' }
      }
    },
  })
}

function* halfCertificate({ cert, key }: { cert: string; key: string }): Iterable<Complaint> {
  if (cert === '' && key !== '') yield { at: 'key', text: 'missing cert' }
  if (key === '' && cert !== '') yield { at: 'cert', text: 'missing key' }
}

export type ClientTlsConfig = ConfigOf<ReturnType<typeof clientTlsSection>>
