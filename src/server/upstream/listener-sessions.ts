import type { Counter } from '../../metrics/counter.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { ListenerSession } from './listener-session.ts'
import { stagger } from './stagger.ts'

/** Between two listeners that are asked to leave: 200 of them a second. */
const FAREWELL_MS = 5

/** So long before the end of the time that it has, a leaving node gives no more requests out. */
const LAST_CALL_MS = 5_000

/** Of listeners that go elsewhere while the node stays: no more requests after so long. */
const SHED = { hasOthers: true, isServedElsewhere: false, lastCallMs: 60_000 } as const

export interface DrainOptions {
  /** Whether there is another node to go to. */
  readonly hasOthers: boolean
  /** Whether another node has an upstream of the endpoint. */
  readonly isServedElsewhere: (endpointId: string) => boolean
  readonly withinMs: number
}

/** The tunnels of a node, and how their listeners are sent to other nodes. */
export class ListenerSessions {
  private readonly sessions = new Set<ListenerSession>()
  /** Of listeners that would have another tunnel if there had been another node. */
  private readonly lonely = new Set<ListenerSession>()
  /** Of listeners that were asked to come again with a fresh token. */
  private readonly renewing = new Set<ListenerSession>()
  private readonly sentAway: Counter
  private emptied: (() => void) | undefined
  private stopFarewells = (): void => {}
  private stopReunions = (): void => {}

  constructor(metrics: Metrics) {
    this.sentAway = metrics.counter(
      'piko_upstreams_rebalanced_total',
      'Upstreams that were asked to go to a node with fewer of them.',
    )
  }

  /** `isLonely`: the listener was told that there is no other node, and would go to one. */
  add(session: ListenerSession, isLonely: boolean): void {
    this.sessions.add(session)
    if (isLonely) this.lonely.add(session)
  }

  remove(session: ListenerSession): void {
    this.sessions.delete(session)
    this.lonely.delete(session)
    this.renewing.delete(session)
    if (this.sessions.size === 0) this.emptied?.()
  }

  /** The listener's token ends soon: it is asked to come again, and to this node if it likes. */
  renew(session: ListenerSession): void {
    this.renewing.add(session)
    session.renew()
  }

  /** Whether a listener of the endpoint is to come again. */
  isRenewing(endpointId: string): boolean {
    for (const session of this.renewing) if (session.endpointId === endpointId) return true
    return false
  }

  /** Requests and connections under way on all tunnels. */
  get streamCount(): number {
    let count = 0
    for (const session of this.sessions) count += session.streamCount
    return count
  }

  /** Upstreams that were not asked to go elsewhere. */
  get stayingCount(): number {
    let count = 0
    for (const session of this.sessions) if (!session.isLeaving) count += 1
    return count
  }

  /**
   * Sends the listeners to other nodes, one after the other, so that those do not get all of them
   * at once. Resolves when all tunnels are done.
   */
  async drain({ hasOthers, isServedElsewhere, withinMs }: DrainOptions): Promise<void> {
    if (this.sessions.size === 0) return
    const done = new Promise<void>((resolve) => {
      this.emptied = resolve
    })
    const lastCallAtMs = performance.now() + Math.max(withinMs / 2, withinMs - LAST_CALL_MS)
    this.stopFarewells = stagger(this.sessions, {
      withinMs: hasOthers ? Math.min(this.sessions.size * FAREWELL_MS, withinMs / 4) : 0,
      visit: (session) =>
        session.drain({
          hasOthers,
          isServedElsewhere: isServedElsewhere(session.endpointId),
          lastCallMs: lastCallAtMs - performance.now(),
        }),
    })
    await done
  }

  /** Asks so many listeners, any of them, to go to another node. */
  shed(count: number): void {
    const staying = [...this.sessions].filter(({ isLeaving }) => !isLeaving)
    for (let left = count; left > 0 && staying.length > 0; left--) {
      const [session] = staying.splice(Math.floor(Math.random() * staying.length), 1)
      // It is not shed for ever: what it has got to finish meanwhile may take as long as it likes.
      session?.drain(SHED)
    }
    this.sentAway.inc(count)
  }

  /**
   * Another node can be reached. Listeners that were told there is none come again, little by
   * little, and learn of it: so they hold tunnels to both (client/tunnel-group.ts).
   */
  companyCame(): void {
    const lonely = [...this.lonely]
    this.lonely.clear()
    this.stopReunions()
    this.stopReunions = stagger(lonely, {
      withinMs: lonely.length * FAREWELL_MS,
      visit: (session) => {
        if (this.sessions.has(session) && !session.isLeaving) session.drain(SHED)
      },
    })
  }

  /** Ends every tunnel, and cuts what is still on it. */
  end(): void {
    this.stopFarewells()
    this.stopReunions()
    for (const session of this.sessions) session.end()
  }
}
