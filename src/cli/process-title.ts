import { hidePasswords, MASK } from '../config/secret-text.ts'
import { leavesOf } from '../config/section.ts'
import type { Section } from '../config/section.ts'

/**
 * A command line as everybody on the host may see it; undefined when there is nothing to hide. The
 * values of secret flags, and passwords in URLs, are masked.
 */
export function maskedCommandLine(
  words: readonly string[],
  argv: readonly string[],
  sections: readonly Section[],
): string | undefined {
  const secrets = new Set(
    sections.flatMap((section) =>
      [...leavesOf(section)].flatMap(({ flag, setting }) => {
        const field = setting.node === 'list' ? setting.of : setting
        return flag !== undefined && field.node === 'field' && field.secret === true
          ? [`--${flag}`]
          : []
      }),
    ),
  )
  const masked = argv.map((argument, index) => {
    const [name = ''] = argument.split('=', 1)
    if (argument.includes('=') && secrets.has(name)) return `${name}=${MASK}`
    return secrets.has(argv[index - 1] ?? '') ? MASK : hidePasswords(argument)
  })
  if (masked.every((argument, index) => argument === argv[index])) return undefined
  return ['piko', ...words, ...masked].join(' ')
}
