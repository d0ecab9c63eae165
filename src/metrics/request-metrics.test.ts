import { expect, test } from 'vitest'
import { Metrics } from './metrics.ts'
import { RequestMetrics } from './request-metrics.ts'

test('methods that nobody knows are counted as one', async () => {
  const metrics = new Metrics()
  const requests = new RequestMetrics(metrics, 'piko_agent', ['endpoint']).scope('orders')
  for (const method of ['GET', 'PROPFIND', 'get', 'MADE-UP-BY-SOMEBODY', 'AGAIN', '']) {
    requests.started()
    requests.finished({ method, status: 200, durationMs: 1, requestBytes: 0, responseBytes: 0 })
  }
  const lines = (await metrics.text()).split('\n')
  const total = 'piko_agent_requests_total{endpoint="orders",status="200",method='
  expect(lines.filter((line) => line.startsWith(total))).toEqual([
    `${total}"GET"} 1`,
    `${total}"PROPFIND"} 1`,
    `${total}"other"} 4`,
  ])
})
