import { expect, test } from 'vitest'
import { parseDuration } from '../std/duration.ts'
import { flagHelp } from './flag-help.ts'
import { jsonSchema } from './json-schema.ts'
import { bytes, duration, flag, integer } from './number-fields.ts'
import { referencePage } from './reference-page.ts'
import { items, list, section } from './section.ts'
import { address, choice, secret, text } from './text-fields.ts'

/** What one schema says about itself: to people at a terminal, to readers, and to editors. */

const root = section({
  gracePeriodMs: duration({ help: 'How long a shutdown may take.', default: '1m', required: true }),
  proxy: section(
    {
      bindAddr: address({ help: 'Address that clients connect to.', default: ':8000' }),
      accessLog: section({
        level: choice(['info', 'warn'], { help: 'Level of log lines | of requests.' }),
        disable: flag({ help: 'Log no requests.' }),
        responseHeaders: section({
          allowList: list({
            help:
              'Log only these response headers, whatever the request was; ' +
              'all others are left out.',
          }),
        }),
      }),
    },
    { help: 'Port that clients connect to.' },
  ),
  upstream: section({
    connectionsMax: integer({
      help: 'More are refused.',
      name: 'max_connections',
      unit: 'connections',
      default: 100,
      min: 1,
      aliases: ['conns'],
    }),
    window: bytes({ help: 'Bytes in flight.', default: '256KiB' }),
    token: secret({ help: 'Who may connect.' }),
    old: text({ help: 'Gone.', deprecated: 'use window' }),
  }),
  tenants: items(
    section({
      id: text({ help: 'Name of the tenant.', required: true }),
      token: secret({ help: 'Its key.' }),
    }),
    { help: 'Customers that share the server.' },
  ),
})

test('help lists the flags in groups, aligned, with defaults', () => {
  expect(`\n${flagHelp(root)}\n`).toBe(`
General
  --grace-period <duration>               How long a shutdown may take. (default 1m)

Proxy: Port that clients connect to.
  --proxy.bind-addr <address>             Address that clients connect to. (default :8000)
  --proxy.access-log.level <info|warn>    Level of log lines | of requests. (default info)
  --proxy.access-log.disable              Log no requests.
  --proxy.access-log.response-headers.allow-list <text>,...
                                          Log only these response headers, whatever the request was;
                                          all others are left out.

Upstream
  --upstream.max-connections <connections>
                                          More are refused. (default 100)
  --upstream.window <bytes>               Bytes in flight. (default 256KiB)
  --upstream.token <secret>               Who may connect.
`)
})

test('the reference page has a table for each section, and for the items of a list', () => {
  const page = referencePage(root, 'Server configuration').replaceAll('`', '')
  const head = ['| YAML | Flag | Type | Default | Meaning |', '| --- | --- | --- | --- | --- |']
  const lines = page.split('\n')
  expect(lines.filter((line) => line.startsWith('#'))).toEqual([
    '# Server configuration',
    '### An item of tenants',
    '## proxy',
    '## upstream',
  ])
  expect(lines.slice(2, 6)).toEqual([
    ...head,
    '| grace_period | --grace-period | duration | 1m | How long a shutdown may take. Required. |',
    '| tenants |  | list of sections |  | Customers that share the server. |',
  ])
  expect(page).toContain('## proxy\n\nPort that clients connect to.\n\n| YAML')
  expect(page).toContain(String.raw`| info, warn | info | Level of log lines \| of requests. |`)
  expect(page).toContain('| integer (connections) | 100 | More are refused. Also read as conns. |')
  expect(page).toContain('| text |  | Gone. Deprecated: use window. |')
})

test('the JSON Schema describes the file', () => {
  expect(jsonSchema(root, 'Server')).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Server',
    type: 'object',
    additionalProperties: false,
    properties: {
      grace_period: {
        type: 'string',
        default: '1m',
        description: 'How long a shutdown may take.',
      },
      proxy: {
        type: 'object',
        additionalProperties: false,
        description: 'Port that clients connect to.',
        properties: {
          bind_addr: { type: 'string', default: ':8000' },
          access_log: {
            properties: {
              level: { enum: ['info', 'warn'], default: 'info' },
              disable: { type: 'boolean' },
              response_headers: {
                properties: { allow_list: { type: 'array', items: { type: 'string' } } },
              },
            },
          },
        },
      },
      tenants: { type: 'array', items: { type: 'object', required: ['id'] } },
      upstream: {
        properties: {
          max_connections: { type: 'integer', minimum: 1, default: 100 },
          conns: { type: 'integer', deprecated: true },
          window: { type: ['integer', 'string'], default: '256KiB' },
          old: { deprecated: true },
        },
      },
    },
  })
})

test('the patterns of the JSON Schema agree with what is loaded', () => {
  const { pattern } = duration({ help: '' }).json
  const durations = ['0', '30s', '1m30s', '1.5h', '.5s', '30', '', '1 m', '-1s', 'soon']
  const matching = durations.filter((one) => new RegExp(String(pattern)).test(one))
  expect(matching).toEqual(durations.filter((one) => parseDuration(one) !== undefined))
})
