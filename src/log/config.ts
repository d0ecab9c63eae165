import { type ConfigOf, list, section } from '../config/section.ts'
import { choice } from '../config/text-fields.ts'
import { LOG_LEVELS } from './logger.ts'

export const logSection = section(
  {
    level: choice(LOG_LEVELS, {
      basic: true,
      default: 'info',
      help: 'Log messages of this level and above.',
    }),
    subsystems: list({
      help:
        'Log everything of these subsystems, whatever the level: a name such as proxy.access, ' +
        'or a parent such as proxy for all below it.',
    }),
  },
  { help: 'Structured logs, one JSON object a line on stderr.', reload: true },
)

export type LogConfig = ConfigOf<typeof logSection>
