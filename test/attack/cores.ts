import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/*
 * Two cores, so that healthy clients wait for nothing but the node:
 *
 *     core 0   the node
 *     core 1   agent, service, healthy clients; what they leave is the attacker's
 *
 * On either the event loops come before the compilers, as if these had cores of their own. Among
 * equals one that runs goes on until the kernel's clock ticks, up to 4 ms.
 */

export const CAN_SHARE_CORES = availableParallelism() > 1

/**
 * Of `node`, where there is an attacker beside it: an event loop that collects may not wait for
 * threads that wait for him.
 */
export const COLLECTS_ALONE = '--single-threaded-gc'

/** Before the command of the node. */
export const ON_FIRST_CORE = ['taskset', '-c', '0'] as const

/** Before the command of an attacker. */
export const IN_IDLE_TIME = ['chrt', '--idle', '0'] as const

/** Of this process, and all that it starts from now on. */
export function leaveFirstCore(): void {
  spawnSync('taskset', ['-acp', '1', `${process.pid}`])
}

/** The event loop of a process before its other threads, once it has them. */
export function putEventLoopFirst({ pid }: { readonly pid?: number | undefined }): void {
  // A process's id is that of its first thread.
  const others = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== `${pid}`)
  for (const thread of others) spawnSync('chrt', ['--idle', '--pid', '0', thread])
}
