import type { Incarnation } from './incarnation.ts'

/**
 * What happened to the other nodes, told after it happened.
 *
 *     joined ─┬─▶ upserted / deleted …            keys of the node, in its own order
 *             ├─▶ unreachable ◀─▶ reachable       silence, and heartbeats again
 *             ├─▶ left                            it said so
 *             └─▶ expired                         forgotten with all its keys: dead, long left,
 *                                                 or replaced by a newer process of that id
 */
export type MembershipEvent =
  | ({ readonly type: 'joined'; readonly id: string; readonly address: string } & Incarnation)
  | ({ readonly type: 'left'; readonly id: string } & Incarnation)
  | { readonly type: 'reachable'; readonly id: string }
  | { readonly type: 'unreachable'; readonly id: string }
  | { readonly type: 'upserted'; readonly id: string; readonly key: string; readonly value: string }
  | { readonly type: 'deleted'; readonly id: string; readonly key: string }
  | ({ readonly type: 'expired'; readonly id: string } & Incarnation)
  /** This node was held dead, or found a newer process of its id, and took a new incarnation. */
  | ({ readonly type: 'reborn'; readonly id: string } & Incarnation)
