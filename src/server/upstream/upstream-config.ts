import { bytes, duration, integer } from '../../config/number-fields.ts'
import { section } from '../../config/section.ts'
import type { ConfigOf } from '../../config/section.ts'
import { connectionLimitFields } from '../../net/connection-limits-config.ts'

/** What one who reaches the upstream port, or has a tunnel, can use up. */
export const upstreamLimitsSection = section(
  {
    ...connectionLimitFields,
    maxTunnels: integer({
      default: 50_000,
      min: 0,
      help: 'Tunnels at once; one more gets a 503 and comes again. 0 is no limit.',
    }),
    maxTunnelsPerAddress: integer({
      default: 4_096,
      min: 0,
      help: 'Tunnels at once from one address; one more gets a 429 and comes again. 0 is no limit.',
    }),
    floodBanMs: duration({
      default: '10s',
      help:
        'How long an address gets no answer after one of its tunnels was ended for a flood of ' +
        'frames that carry nothing, after a head without an end, or more than 20 within a second ' +
        'that were too large or no HTTP; up to eight times as long when it goes on. 0 turns it ' +
        'off.',
    }),
    handshakeTimeoutMs: duration({
      default: '10s',
      min: '100ms',
      help: 'How long a connection may take to ask for its tunnel.',
    }),
    maxMessageBytes: bytes({
      default: '1MiB',
      min: 524_288,
      max: 1_073_741_824,
      help: 'Largest WebSocket message taken from a listener.',
    }),
    maxStreamsPerTunnel: integer({
      default: 10_000,
      min: 1,
      max: 1_000_000,
      help: 'Requests and connections under way at once on a tunnel; more go to another upstream.',
    }),
    maxUnackedStreams: integer({
      default: 256,
      min: 1,
      max: 65_536,
      help:
        'Of them, how many may wait to be taken by the listener. Those of the deployed Piko ' +
        'reset what is above 256.',
    }),
    maxBufferedBytes: bytes({
      default: '256MiB',
      min: 1_048_576,
      help:
        'What a tunnel’s answers may occupy while clients do not read them; the stream above it ' +
        'is reset.',
    }),
  },
  { help: 'What one who connects can use up.' },
)

export type UpstreamLimits = ConfigOf<typeof upstreamLimitsSection>
