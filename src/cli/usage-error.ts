import { CodedError } from '../std/errors.ts'

/** The command line makes no sense; the message says what would. */
export class UsageError extends CodedError<'usage'> {
  override readonly name = 'UsageError'

  constructor(message: string) {
    super('usage', message)
  }
}
