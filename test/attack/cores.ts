import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const EVENT_LOOP_FIRST = fileURLToPath(new URL('event-loop-first.py', import.meta.url))

/*
 * Two cores, so that healthy clients wait for nothing but the node:
 *
 *     core 0   the node
 *     core 1   agent, service, healthy clients; what they leave is the attacker's
 *
 * On either the event loops come first: before the compilers, as if these had cores of their own,
 * and before whatever else this machine does.
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

/** Of each process, once it has all its threads: the event loop before everything else. */
export function putEventLoopsFirst(
  processes: readonly { readonly pid?: number | undefined }[],
): void {
  spawnSync('python3', [EVENT_LOOP_FIRST, ...processes.map(({ pid }) => `${pid}`)])
}
