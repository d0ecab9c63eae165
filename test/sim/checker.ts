import type { Step } from './sim-process.ts'
import type { World } from './world.ts'

/** One invariant of the cluster, looked at after every step of every process. */
export interface Checker {
  readonly name: string
  before?(step: Pick<Step, 'process'>): void
  after?(step: Step): void
  sent?(from: string, to: string, bytes: Uint8Array): void
  delivered?(from: string, to: string, bytes: Uint8Array): void
}

/** Makes a fresh checker for one run. */
export type CheckerFactory = (world: World) => Checker

/** An invariant that did not hold: which, when, and what was seen. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly checker: string
  readonly at: number

  constructor(checker: string, at: number, message: string) {
    super(`${checker} at ${at.toFixed(1)} ms: ${message}`)
    this.checker = checker
    this.at = at
  }
}
