import { expect, test } from 'vitest'
import type { Command } from './command.ts'
import { findCommand } from './find-command.ts'

function command(...spellings: readonly string[]): Command {
  const [words = [], ...aliases] = spellings.map((spelling) => spelling.split(' '))
  return {
    words,
    aliases,
    arguments: '',
    summary: '',
    description: '',
    examples: [],
    sections: [],
    execute: async () => 0,
  }
}

const server = command('server')
const http = command('agent http', 'agent')
const start = command('agent start')
const nodes = command('status cluster nodes', 'server status cluster nodes')
const COMMANDS = [server, http, start, nodes]

const find = (line: string) => findCommand(COMMANDS, line === '' ? [] : line.split(' '))

test.each([
  ['server', server, 1],
  ['agent http my-endpoint 3000', http, 2],
  ['agent my-endpoint 3000', http, 1],
  ['agent start', start, 2],
  ['status cluster nodes', nodes, 3],
  ['server status cluster nodes', nodes, 4],
])('%s is a command', (line, found, wordCount) => {
  expect(find(line)).toEqual({ kind: 'command', command: found, wordCount })
})

test.each(['', 'agent', 'status', 'status cluster', 'server status', 'server status cluster'])(
  '"%s" stops short of several commands',
  (line) => {
    expect(find(line)).toMatchObject({ kind: 'group' })
  },
)

test('a group knows the command that its words call with flags behind them', () => {
  expect(find('agent')).toEqual({ kind: 'group', command: http, wordCount: 1 })
  expect(find('status')).toEqual({ kind: 'group', command: undefined, wordCount: 1 })
})

test.each([
  ['nonsense', 0],
  ['status nonsense', 1],
  ['server status nonsense', 2],
  ['status cluster nonsense', 2],
])('%s is unknown from the word that nobody knows', (line, known) => {
  expect(find(line)).toEqual({ kind: 'unknown', known })
})

test('an argument that begins like no command is left to the command', () => {
  expect(find('server nonsense')).toMatchObject({ command: server, wordCount: 1 })
})
