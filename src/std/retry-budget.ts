export interface RetryBudgetOptions {
  /** Retries per request in the long run: 0.2 is a fifth more than was asked for. */
  readonly share: number
  /** As many retries can be saved up; a program begins with them. */
  readonly savedMax: number
}

/**
 * Bounds what retries add to the load: each request earns a share of a retry, each retry costs one.
 * When much fails at once, what was saved up carries it; when everything fails for long, retries
 * stay a fraction of the requests instead of multiplying them. Needs no clock.
 */
export class RetryBudget {
  private readonly options: RetryBudgetOptions
  private saved: number

  constructor(options: RetryBudgetOptions) {
    this.options = options
    this.saved = options.savedMax
  }

  /** A request came. */
  earn(): void {
    const { share, savedMax } = this.options
    this.saved = Math.min(savedMax, this.saved + share)
  }

  /** Takes a retry; false when there is none. */
  spend(): boolean {
    if (this.saved < 1) return false
    this.saved -= 1
    return true
  }
}
