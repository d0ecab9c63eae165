import type { CheckerFactory } from './checker.ts'
import { buriedStaysBuried } from './checkers/buried-stays-buried.ts'
import { copiesFollowTheirOwners } from './checkers/copies.ts'
import { leftStaysLeft } from './checkers/left-stays-left.ts'
import { memoryIsBounded } from './checkers/memory.ts'
import { noZombies } from './checkers/no-zombies.ts'
import { nobodyChangesAnother } from './checkers/own-state.ts'
import { packetsKeepTheirBudget } from './checkers/packet-budget.ts'
import { routingMirrorsGossip } from './checkers/routing.ts'

/** What has to hold at every moment of every run. */
export const INVARIANTS: readonly CheckerFactory[] = [
  copiesFollowTheirOwners,
  nobodyChangesAnother,
  noZombies,
  buriedStaysBuried,
  leftStaysLeft,
  routingMirrorsGossip,
  packetsKeepTheirBudget,
  memoryIsBounded,
]
