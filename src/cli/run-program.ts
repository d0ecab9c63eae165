import type { ProgramLog } from '../log/json-logger.ts'
import { describeError } from '../std/errors.ts'
import { ExitCode } from './exit-code.ts'
import { stopSignal } from './stop-signal.ts'

/** Something that runs until it is told to stop. */
export interface Program {
  start(): Promise<unknown>
  shutdown(): Promise<void>
  /** Resolves when the program cannot go on by itself. */
  readonly failed?: Promise<Error>
}

/** Runs a program until a signal ends it or it fails; resolves with the exit code. */
export async function runProgram(program: Program, log: ProgramLog): Promise<number> {
  const stopping = stopSignal()
  const started = program.start()
  const early = await Promise.race([stopping, started.then(() => undefined)])
  if (early !== undefined) {
    // Nothing is served yet, so there is nothing to finish; looking for a cluster can take long.
    started.catch(() => {})
    log.logger.info('received signal before the start was over', { signal: early })
    await log.close()
    return ExitCode.ok
  }
  const end = await Promise.race([stopping, ...(program.failed ? [program.failed] : [])])
  if (end instanceof Error) log.logger.error('cannot go on', { reason: describeError(end) })
  else log.logger.info('received signal', { signal: end })
  await program.shutdown()
  await log.close()
  return end instanceof Error ? ExitCode.failure : ExitCode.ok
}
