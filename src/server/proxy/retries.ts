import type { Counter } from '../../metrics/counter.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { RetryBudget } from '../../std/retry-budget.ts'

/**
 * In the long run a fifth more than clients ask for. What is saved up is as much as is commonly
 * under way to a node when it dies.
 */
const BUDGET = { share: 0.2, savedMax: 1_000 } as const

/** Grants requests another attempt, within a budget, and counts what it granted. */
export class Retries {
  private readonly budget = new RetryBudget(BUDGET)
  private readonly sent: Counter
  private readonly denied: Counter

  constructor(metrics: Metrics) {
    const total = metrics.counterFamily(
      'piko_proxy_retries_total',
      'Requests that were to be sent to another upstream after one failed.',
      ['result'],
    )
    this.sent = total.with('sent')
    this.denied = total.with('denied')
  }

  /** A request came. */
  earn(): void {
    this.budget.earn()
  }

  /** Whether a request may be sent once more. */
  grant(): boolean {
    const isGranted = this.budget.spend()
    if (isGranted) this.sent.inc()
    else this.denied.inc()
    return isGranted
  }
}
