import { ConfigReload } from '../config/config-reload.ts'
import type { ConfigSource } from '../config/config-reload.ts'
import type { ConfigOf, Section } from '../config/section.ts'
import type { LogConfig } from '../log/config.ts'
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

/** Where a program's configuration comes from, and where a changed one goes. */
export interface ReloadOptions<Root extends Section> {
  readonly source: ConfigSource<Root>
  readonly reload: (config: ConfigOf<Root>) => void | Promise<void>
}

/** Runs a program until a signal ends it or it fails; resolves with the exit code. */
export async function runProgram<Root extends Section>(
  program: Program,
  log: ProgramLog,
  options: ReloadOptions<Root>,
): Promise<number> {
  const stopping = stopSignal()
  const reloading = watchConfig(log, options)
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
  reloading.close()
  if (end instanceof Error) log.logger.error('cannot go on', { reason: describeError(end) })
  else log.logger.info('received signal', { signal: end })
  await program.shutdown()
  await log.close()
  return end instanceof Error ? ExitCode.failure : ExitCode.ok
}

/** A changed file, or SIGHUP, gives the program its configuration anew. */
function watchConfig<Root extends Section>(
  log: ProgramLog,
  { source, reload }: ReloadOptions<Root>,
): ConfigReload<Root> {
  const target = {
    async reload(config: ConfigOf<Root>) {
      await reload(config)
      log.configure((config as { readonly log: LogConfig }).log)
    },
  }
  const reloading = new ConfigReload(source, target, { logger: log.logger.child('config') })
  process.on('SIGHUP', () => void reloading.reload({ signal: 'SIGHUP' }))
  return reloading
}
