import { setTimeout as delay } from 'node:timers/promises'

/** The promise's outcome, or a rejection when there is none in time. */
export async function within<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value> {
  const timer = new AbortController()
  const late = delay(timeoutMs, undefined, { signal: timer.signal }).then((): never => {
    throw new Error('timeout')
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

const RETRY_MS = 50

/** Repeats `attempt` until it gives no reason to; rejects with the last reason at the deadline. */
export async function waitUntil(
  attempt: () => Promise<string | undefined>,
  deadlineMs: number,
): Promise<void> {
  for (let reason = await attempt(); reason !== undefined; reason = await attempt()) {
    if (performance.now() > deadlineMs) throw new Error(reason)
    await delay(RETRY_MS)
  }
}
