const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** What a shell reports for a process that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Resolves at the first SIGINT or SIGTERM, which asks for an orderly end. A second one is
 * impatience: it ends the process on the spot.
 */
export async function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        for (const next of SIGNALS) process.once(next, () => process.exit(EXIT_CODES[next]))
        resolve(signal)
      })
    }
  })
}
