import { expect, test } from 'vitest'
import { AwakeClock } from './awake-clock.ts'
import { DEFAULT_GOSSIP, type GossipConfig } from './config.ts'
import { FailureDetector, LocalHealth } from './failure-detector.ts'

const config: GossipConfig = {
  ...DEFAULT_GOSSIP,
  address: '10.0.0.1:8003',
  generation: 1,
  join: [],
}

function heardEvery(gapsMs: readonly number[]): FailureDetector {
  const detector = new FailureDetector(config, 0)
  let time = 0
  for (let i = 0; i < 200; i++) {
    time += gapsMs[i % gapsMs.length] as number
    detector.heard(time)
  }
  return detector
}

test('a steady peer is given the minimum', () => {
  expect(heardEvery([100]).toleratedMs(1)).toBe(config.unreachableAfterMinMs)
})

test('a halting peer is given more, up to the maximum', () => {
  const halting = heardEvery([200, 1_000]).toleratedMs(1)
  expect(halting).toBeGreaterThan(config.unreachableAfterMinMs)
  expect(heardEvery([100, 5_000]).toleratedMs(1)).toBe(config.unreachableAfterMaxMs)
})

test('late ticks make a node patient with others, punctual ones no longer', () => {
  const health = new LocalHealth(100)
  for (let i = 0; i < 50; i++) health.ticked(500)
  expect(health.patience).toBe(3)
  for (let i = 0; i < 200; i++) health.ticked(1)
  expect(health.patience).toBe(1)
})

test('time in which the node did not run hardly counts, whichever way the clock went', () => {
  const clock = new AwakeClock(5_000, 100)
  expect(clock.observe(5_900)).toBe(false)
  expect(clock.time).toBe(900)
  expect(clock.observe(70_000)).toBe(true)
  expect(clock.time).toBe(1_000)
  expect(clock.observe(60_000)).toBe(true)
  expect(clock.time).toBe(1_000)
  expect(clock.toNow(1_050)).toBe(60_050)
})
