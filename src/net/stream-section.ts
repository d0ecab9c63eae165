import { bytes } from '../config/number-fields.ts'
import { section } from '../config/section.ts'
import { INITIAL_WINDOW_BYTES } from '../yamux/frame.ts'

/** What the streams of a program's tunnels may hold. */
export const streamSection = section(
  {
    maxWindowSize: bytes({
      default: INITIAL_WINDOW_BYTES,
      min: INITIAL_WINDOW_BYTES,
      max: 16 * 1024 * 1024,
      help:
        'How much may be under way to this side on one stream before it is read. More is faster ' +
        'over links that are long and fast, and takes as much memory for each slow reader.',
    }),
  },
  { help: 'Streams of a tunnel, each with a request or a connection.' },
)
