import { CodedError } from '../std/errors.ts'

/** Which of the files of a TLS configuration cannot be used. */
export type TlsErrorCode = 'certificate' | 'key' | 'authorities'

/** A certificate, key or list of authorities that cannot be used; its message says why. */
export class TlsError extends CodedError<TlsErrorCode> {
  override readonly name = 'TlsError'
}

/** Puts the place of the configuration in front of a TlsError: `proxy: tls`. */
export function inPlace<Value>(place: string, load: () => Value): Value {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    throw new TlsError(error.code, `${place}: ${error.message}`, { cause: error.cause })
  }
}
