import { expect, test } from 'vitest'
import { Metrics } from './metrics.ts'

test('counters, families and gauges appear in the text format', async () => {
  const metrics = new Metrics()
  metrics.counter('piko_things_total', 'Things.').inc(3)
  const family = metrics.counterFamily('piko_requests_total', 'Requests.', ['status', 'method'])
  family.with('200', 'GET').inc()
  family.with('200', 'GET').inc()
  family.with('502', 'POST').inc()
  let level = 1
  metrics.gauge('piko_level', 'Level.', () => level)
  level = 7
  const text = await metrics.text()
  expect(text).toContain('# TYPE piko_things_total counter\npiko_things_total 3')
  expect(text).toContain('piko_requests_total{status="200",method="GET"} 2')
  expect(text).toContain('piko_requests_total{status="502",method="POST"} 1')
  expect(text).toContain('# TYPE piko_level gauge\npiko_level 7')
})

test('a histogram is cumulative and counts what lies above every bound', async () => {
  const metrics = new Metrics()
  const family = metrics.histogramFamily('piko_size_bytes', 'Sizes.', {
    labelNames: [],
    bounds: [10, 100],
  })
  for (const value of [1, 10, 11, 1_000]) family.with().observe(value)
  const text = await metrics.text()
  expect(text).toContain('piko_size_bytes_bucket{le="10"} 2')
  expect(text).toContain('piko_size_bytes_bucket{le="100"} 3')
  expect(text).toContain('piko_size_bytes_bucket{le="+Inf"} 4')
  expect(text).toContain('piko_size_bytes_sum 1022')
  expect(text).toContain('piko_size_bytes_count 4')
})

test('label values are escaped', async () => {
  const metrics = new Metrics()
  metrics.counterFamily('piko_x_total', 'X.', ['node_id']).with('a"b\\c').inc()
  expect(await metrics.text()).toContain('node_id="a\\"b\\\\c"')
})
