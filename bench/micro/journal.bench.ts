import { AccessLog } from '../../src/log/access-log.ts'
import { openLog } from '../../src/log/json-logger.ts'
import { Metrics } from '../../src/metrics/metrics.ts'
import { RequestMetrics } from '../../src/metrics/request-metrics.ts'
import type { Benchmark } from './benchmark.ts'

const ALL_FIELDS = { allowList: [], blockList: [] }

const RESPONSE_FIELDS = Object.entries({
  Server: 'nginx/1.22.1',
  Date: 'Sun, 06 Nov 1994 08:49:37 GMT',
  'Content-Type': 'text/plain',
  'Content-Length': '100',
  ETag: '"6549d0f1-64"',
}).flat()

/** A line of the access log, as far as the writer that gathers lines. */
const accessLog: Benchmark = {
  name: 'write a line of the access log',
  run(count) {
    let characters = 0
    const destination = {
      write(line: string) {
        characters += line.length
      },
    }
    const { logger } = openLog({ level: 'info', subsystems: [] }, destination)
    const log = new AccessLog(logger.child('proxy.access'), {
      disable: false,
      level: 'info',
      maxLineBytes: 16_384,
      requestHeaders: ALL_FIELDS,
      responseHeaders: ALL_FIELDS,
    })
    for (let done = 0; done < count; done += 1) {
      log.write({
        proto: 'HTTP/1.1',
        method: 'GET',
        host: 'my-endpoint.piko.example.com',
        target: `/items/${done & 1_023}`,
        requestFields: ['Host', 'my-endpoint.piko.example.com', 'Accept', '*/*'],
        responseFields: RESPONSE_FIELDS,
        status: 200,
        durationMs: (done & 4_095) / 1_000,
      })
    }
    return characters
  },
}

const metrics: Benchmark = {
  name: 'count a request in the metrics',
  run(count) {
    const counters = new RequestMetrics(new Metrics(), 'piko_proxy').scope()
    for (let done = 0; done < count; done += 1) {
      counters.started()
      counters.finished({
        method: 'GET',
        status: 200,
        durationMs: done & 15,
        requestBytes: 0,
        responseBytes: 100,
      })
    }
    return count
  },
}

export const benchmarks: readonly Benchmark[] = [accessLog, metrics]
