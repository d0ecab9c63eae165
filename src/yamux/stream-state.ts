/**
 * How far a stream is. The peer's frames drive the lower events of each row, this side's frames the
 * upper ones; an answer of any kind counts as ACK.
 *
 *     idle ──SYN──▶ opening ──FIN──▶ openingEnded
 *                      │ ACK             │ ACK
 *     offered ──ACK──▶ open ────FIN──▶ localEnded
 *                      │ peer FIN        │ peer FIN
 *                   peerEnded ──FIN──▶ closed           RST, either way: reset
 *
 * openingEnded goes to closed with the peer's FIN, which is an answer too.
 */
export type StreamState =
  /** Opened here; the peer has not heard of it. */
  | 'idle'
  /** SYN sent, no answer yet: it holds one of the un-ACKed slots. */
  | 'opening'
  /** The same, and FIN sent already. */
  | 'openingEnded'
  /** The peer's SYN came; it is being looked at here and has no ACK yet. */
  | 'offered'
  | 'open'
  /** FIN sent; the peer may go on sending. */
  | 'localEnded'
  /** The peer's FIN came; this side may go on sending. */
  | 'peerEnded'
  | 'closed'
  | 'reset'

export type StreamEvent =
  | 'synSent'
  | 'ackSent'
  | 'finSent'
  /** This side gives up: RST sent, or the session is gone. */
  | 'aborted'
  /** Any frame of the peer, before its flags are looked at. */
  | 'answered'
  | 'peerFin'
  | 'peerRst'

/** `violation`: the peer broke the protocol. `never`: a defect in this code, asserted. */
export type Transition = StreamState | 'violation' | 'never'

const GONE = {
  synSent: 'never',
  ackSent: 'never',
  finSent: 'never',
  aborted: 'never',
  answered: 'never',
  peerFin: 'never',
  peerRst: 'never',
} as const satisfies Record<StreamEvent, Transition>

export const TRANSITIONS = {
  /** Frames of the peer for its id are frames for an unknown stream. */
  idle: { ...GONE, synSent: 'opening', aborted: 'reset' },
  opening: {
    synSent: 'never',
    ackSent: 'never',
    finSent: 'openingEnded',
    aborted: 'reset',
    answered: 'open',
    peerFin: 'peerEnded',
    peerRst: 'reset',
  },
  openingEnded: {
    synSent: 'never',
    ackSent: 'never',
    finSent: 'never',
    aborted: 'reset',
    answered: 'localEnded',
    peerFin: 'closed',
    peerRst: 'reset',
  },
  /** Lasts only while the owner is asked, so no frame can come. */
  offered: { ...GONE, ackSent: 'open', aborted: 'reset' },
  open: {
    synSent: 'never',
    ackSent: 'never',
    finSent: 'localEnded',
    aborted: 'reset',
    answered: 'open',
    peerFin: 'peerEnded',
    peerRst: 'reset',
  },
  localEnded: {
    synSent: 'never',
    ackSent: 'never',
    finSent: 'never',
    aborted: 'reset',
    answered: 'localEnded',
    peerFin: 'closed',
    peerRst: 'reset',
  },
  /** A second FIN ends a session of the Go peers too. */
  peerEnded: {
    synSent: 'never',
    ackSent: 'never',
    finSent: 'closed',
    aborted: 'reset',
    answered: 'peerEnded',
    peerFin: 'violation',
    peerRst: 'reset',
  },
  /** Forgotten from here on: what comes for the id is for an unknown stream. */
  closed: GONE,
  reset: GONE,
} as const satisfies Record<StreamState, Record<StreamEvent, Transition>>
