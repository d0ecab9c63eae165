import { CodedError } from '../std/errors.ts'

/** Which of the files of a TLS configuration cannot be used. */
export type TlsErrorCode = 'certificate' | 'key' | 'authorities'

/** A certificate, key or list of authorities that cannot be used; its message says why. */
export class TlsError extends CodedError<TlsErrorCode> {
  override readonly name = 'TlsError'
}
