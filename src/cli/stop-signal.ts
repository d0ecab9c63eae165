/** What a shell reports for a process that a signal ended. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

type StopSignal = keyof typeof EXIT_CODES

/**
 * Resolves at the first of `signals`, which asks for an orderly end. A second one is impatience:
 * it ends the process on the spot.
 */
export async function stopSignal(
  signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'],
): Promise<StopSignal> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, () => {
        for (const next of signals) process.once(next, () => process.exit(EXIT_CODES[next]))
        resolve(signal)
      })
    }
    // Started by a program that holds a channel to this one: when it dies, so do we, in order.
    process.once('disconnect', () => resolve('SIGHUP'))
  })
}
