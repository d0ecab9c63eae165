import { decodeMessage } from '../../src/gossip/codec.ts'
import type { Checker } from './checker.ts'
import type { Step } from './sim-process.ts'
import { Sometimes } from './sometimes.ts'
import type { World } from './world.ts'

const RARE_STATES = [
  'a process was taken up to its next life',
  'a process was taken up to its next generation',
  'an id came back in a new process before the old one was forgotten',
  'a node was held dead on the word of another',
  'a node left and was heard',
  'an unreachable node came back',
  'a dead node was forgotten',
  'a deletion was forgotten while a partition kept it from somebody',
  'a snapshot was sent in packets',
  'a section was cut at the end of a packet',
  'a digest did not fit into its packet',
  'a stream was advised because a packet could not hold a snapshot',
  'a stream was opened',
  'a tombstone contradicted a digest',
  'a stranger got a shortened answer',
  'a damaged packet was dropped',
  'a pause was longer than the memory of the dead',
  'a clock went backwards',
  'an endpoint vanished and was worth a wait',
] as const

export type RareState = (typeof RARE_STATES)[number]

export function allRareStates(): Sometimes {
  return new Sometimes(RARE_STATES)
}

/** Recognises rare states from outside: in packets, events and counters, without hooks. */
export function watchRareStates(sometimes: Sometimes): (world: World) => Checker {
  const reached = (state: RareState) => sometimes.reached(state)
  return (world) => ({
    name: 'rare states',
    after: (step) => watchStep(step, reached, world),
    sent: (_from, _to, bytes) => watchPacket(bytes, reached),
  })
}

function watchPacket(bytes: Uint8Array, reached: (state: RareState) => void): void {
  const message = decodeMessage(bytes)
  if (message === undefined) return
  const { kind, mentions, sections, complete, syncAdvised } = message
  if (kind === 'ask' && !complete) reached('a digest did not fit into its packet')
  if (syncAdvised) reached('a stream was advised because a packet could not hold a snapshot')
  if (kind === 'answer' && mentions.some(({ standing }) => standing === 'dead')) {
    reached('a tombstone contradicted a digest')
  }
  if (kind === 'answer' && message.echo !== 0 && bytes.length < 60) {
    reached('a stranger got a shortened answer')
  }
  for (const { mention, delta } of sections) {
    if (delta.to < mention.version) reached('a section was cut at the end of a packet')
    if (delta.from === 0 && delta.collected > 0) reached('a snapshot was sent in packets')
  }
}

function watchStep(step: Step, reached: (state: RareState) => void, world: World): void {
  const { process, events, cause } = step
  for (const event of events) watchEvent(step, event.type, reached)
  const { cluster, counts } = process.gossiper
  if (counts.syncs > 0 && cause === 'stream') reached('a stream was opened')
  if (counts.dropped > 0 && cause === 'packet') reached('a damaged packet was dropped')
  if (cause !== 'tick') return
  const isCutOff = [...cluster.peers()].some(({ status }) => status === 'unreachable')
  if (isCutOff && cluster.self.state.collected > 0) {
    reached('a deletion was forgotten while a partition kept it from somebody')
  }
  for (const { process: ended } of world.endings) {
    const vanished = ended.connected.keys().next().value
    if (vanished !== undefined && process.table.vanishedRecently(vanished, process.now)) {
      reached('an endpoint vanished and was worth a wait')
    }
  }
}

function watchEvent(
  { process, cause, events }: Step,
  type: Step['events'][number]['type'],
  reached: (state: RareState) => void,
): void {
  const { self } = process.gossiper.cluster
  if (type === 'left') reached('a node left and was heard')
  if (type === 'reachable') reached('an unreachable node came back')
  if (type === 'reborn') {
    reached(
      self.life > 0
        ? 'a process was taken up to its next life'
        : 'a process was taken up to its next generation',
    )
  }
  if (type !== 'expired') return
  if (cause === 'tick') reached('a dead node was forgotten')
  const joined = new Set(events.flatMap((event) => (event.type === 'joined' ? [event.id] : [])))
  const isReplaced = events.some((event) => event.type === 'expired' && joined.has(event.id))
  if (isReplaced) reached('an id came back in a new process before the old one was forgotten')
  else if (cause === 'packet') reached('a node was held dead on the word of another')
}
