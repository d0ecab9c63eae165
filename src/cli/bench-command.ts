import { formatReport } from '../bench/bench-report.ts'
import { benchHttpConfig } from '../bench/config.ts'
import { HttpBench } from '../bench/http-bench.ts'
import { showProgress } from '../bench/progress-bar.ts'
import { openLog } from '../log/json-logger.ts'
import { defineCommand } from './command.ts'
import { ExitCode } from './exit-code.ts'
import { stopSignal } from './stop-signal.ts'

export const benchHttpCommand = defineCommand({
  words: ['bench', 'http'],
  arguments: '',
  summary: 'Measure a Piko server under HTTP load',
  description:
    'Connects upstreams of its own to the server, sends requests to them through it, and\n' +
    'reports throughput, latency and errors. Works against any Piko server. Ctrl-C reports\n' +
    'what was measured.',
  examples: [
    'piko bench http',
    'piko bench http --requests 1000000 --clients 32 --size 100 --output json',
  ],
  root: benchHttpConfig,
  async run({ config, context }) {
    const stopping = new AbortController()
    void stopSignal().then(() => stopping.abort())
    const log = openLog(config.log)
    const bench = new HttpBench(config, log.logger)
    const { stderr } = process
    const hideProgress = stderr.isTTY
      ? showProgress(stderr, config.requests, () => bench.doneCount)
      : undefined
    try {
      context.print(formatReport(await bench.run(stopping.signal), config.output))
    } finally {
      hideProgress?.()
      await log.close()
    }
    return ExitCode.ok
  },
})
