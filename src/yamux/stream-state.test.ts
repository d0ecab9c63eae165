import { expect, test } from 'vitest'
import { TRANSITIONS } from './stream-state.ts'
import type { StreamEvent, StreamState } from './stream-state.ts'

const EVENTS = 'synSent ackSent finSent aborted answered peerFin peerRst'.split(
  ' ',
) as StreamEvent[]

/** The whole machine as it is meant; `-` never, `!` violation. Written apart from the code. */
const EXPECTED: Record<StreamState, string> = {
  //            synSent ackSent finSent      aborted answered   peerFin   peerRst
  idle: '        opening -      -            reset   -          -         -',
  opening: '     -       -      openingEnded reset   open       peerEnded reset',
  openingEnded: '-       -      -            reset   localEnded closed    reset',
  offered: '     -       open   -            reset   -          -         -',
  open: '        -       -      localEnded   reset   open       peerEnded reset',
  localEnded: '  -       -      -            reset   localEnded closed    reset',
  peerEnded: '   -       -      closed       reset   peerEnded  !         reset',
  closed: '      -       -      -            -       -          -         -',
  reset: '       -       -      -            -       -          -         -',
}

test.each(Object.keys(EXPECTED) as StreamState[])('every event of the state %s', (state) => {
  const cells = EXPECTED[state].trim().split(/ +/)
  const expected = cells.map((cell) => ({ '-': 'never', '!': 'violation' })[cell] ?? cell)
  expect(EVENTS.map((event) => TRANSITIONS[state][event])).toEqual(expected)
})

test('the table has no state and no event beyond these', () => {
  expect(Object.keys(TRANSITIONS)).toEqual(Object.keys(EXPECTED))
  for (const row of Object.values(TRANSITIONS)) expect(Object.keys(row)).toEqual(EVENTS)
})

test('a stream that ended stays ended', () => {
  for (const state of ['closed', 'reset'] as const) {
    expect(new Set(Object.values(TRANSITIONS[state]))).toEqual(new Set(['never']))
  }
})
