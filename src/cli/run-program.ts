import { ConfigReload } from '../config/config-reload.ts'
import type { ConfigSource } from '../config/config-reload.ts'
import type { ConfigOf, Section } from '../config/section.ts'
import type { LogConfig } from '../log/config.ts'
import { openLog } from '../log/json-logger.ts'
import type { ProgramLog } from '../log/json-logger.ts'
import type { Logger } from '../log/logger.ts'
import { describeError } from '../std/errors.ts'
import { ExitCode } from './exit-code.ts'
import { stopSignal } from './stop-signal.ts'

/** Something that runs until it is told to stop. */
export interface Program<Config> {
  start(): Promise<unknown>
  /** Goes on with a changed configuration. */
  reload(config: Config): void | Promise<void>
  shutdown(): Promise<void>
  /** Resolves when the program cannot go on by itself. */
  readonly failed?: Promise<Error>
}

/** A program and where its configuration comes from. */
export interface ProgramOptions<Root extends Section, Config> {
  readonly config: ConfigOf<Root>
  /** Where a changed configuration comes from. */
  readonly source: ConfigSource<Root>
  /** How the program reads it. */
  readonly read: (config: ConfigOf<Root>) => Config
  readonly create: (config: Config, logger: Logger) => Program<Config>
}

/** Runs a program until a signal ends it or it fails; resolves with the exit code. */
export async function runProgram<Root extends Section, Config extends { readonly log: LogConfig }>(
  options: ProgramOptions<Root, Config>,
): Promise<number> {
  const config = options.read(options.config)
  const log = openLog(config.log)
  const program = options.create(config, log.logger)
  const stopping = stopSignal()
  const reloading = watchConfig(program, log, options)
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
function watchConfig<Root extends Section, Config extends { readonly log: LogConfig }>(
  program: Program<Config>,
  log: ProgramLog,
  { source, read }: ProgramOptions<Root, Config>,
): ConfigReload<Root> {
  const target = {
    async reload(changed: ConfigOf<Root>) {
      const config = read(changed)
      await program.reload(config)
      log.configure(config.log)
    },
  }
  const reloading = new ConfigReload(source, target, { logger: log.logger.child('config') })
  process.on('SIGHUP', () => void reloading.reload({ signal: 'SIGHUP' }))
  return reloading
}
