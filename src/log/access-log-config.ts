import { bytes, flag } from '../config/number-fields.ts'
import { list, section } from '../config/section.ts'
import { choice } from '../config/text-fields.ts'
import { LOG_LEVELS } from './logger.ts'

const headerFilter = (which: string) =>
  section(
    {
      allowList: list({ help: `Log only these ${which} headers.` }),
      blockList: list({ help: `Log all ${which} headers but these.` }),
    },
    {
      *check({ allowList, blockList }) {
        if (allowList.length > 0 && blockList.length > 0) {
          yield 'cannot define both allow list and block list'
        }
      },
    },
  )

/** What is logged of connections that are nothing but bytes. */
export const connectionLogSection = section(
  {
    level: choice(LOG_LEVELS, {
      default: 'info',
      help: 'Level of the lines that connections log when they open and close.',
    }),
    disable: flag({ help: 'Log connections at debug only.' }),
  },
  { off: 'disable' },
)

/** What is logged of requests; used by every program that carries some. */
export const accessLogSection = section(
  {
    level: choice(LOG_LEVELS, {
      default: 'info',
      help: 'Level of access log lines; server errors are warnings at least.',
    }),
    disable: flag({ help: 'Log no requests.' }),
    maxLineBytes: bytes({
      default: '16KiB',
      min: 1_024,
      help: 'Longest line; of a longer one the headers are left out.',
    }),
    requestHeaders: headerFilter('request'),
    responseHeaders: headerFilter('response'),
  },
  { reload: true, off: 'disable' },
)
