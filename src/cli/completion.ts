import { leavesOf } from '../config/section.ts'
import type { Command } from './command.ts'
import { beginsWith, spellingsOf } from './spelling.ts'

/** A flag as a shell completes it. */
interface CompletedFlag {
  /** `--log.level` */
  readonly name: string
  readonly help: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly isPath: boolean
}

/** What can follow some words of a command line. */
interface CompletedWords {
  /** ` agent http`, each word behind a blank. */
  readonly called: string
  readonly next: readonly { readonly word: string; readonly summary: string }[]
  readonly flags: readonly CompletedFlag[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The script that makes a shell complete `piko` and `pico`, made of all commands and settings. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const all = wordsOf(commands)
  if (shell === 'fish') return fishScript(all)
  return shell === 'bash' ? bashScript(all) : zshScript(all)
}

/** Every beginning of every command, `piko` alone included. */
function wordsOf(commands: readonly Command[]): CompletedWords[] {
  const spelled = commands.flatMap((command) =>
    spellingsOf(command)
      // `piko agent` is a command by itself, and is completed like a group all the same.
      .filter((words) => words.length > 1 || words === command.words)
      .map((words) => ({ command, words })),
  )
  const prefixes = new Map<string, readonly string[]>()
  for (const { words } of spelled) {
    for (let length = 0; length <= words.length; length += 1) {
      const prefix = words.slice(0, length)
      prefixes.set(prefix.map((word) => ` ${word}`).join(''), prefix)
    }
  }
  return [...prefixes].map(([called, prefix]) => {
    const below = spelled.filter(({ words }) => beginsWith(words, prefix))
    const command = below.find(({ words }) => words.length === prefix.length)?.command
    const next = new Map<string, string>()
    for (const {
      words,
      command: { summary },
    } of below) {
      const word = words[prefix.length]
      const isLast = words.length === prefix.length + 1
      if (word !== undefined && (isLast || !next.has(word))) next.set(word, isLast ? summary : '')
    }
    return {
      called,
      next: Array.from(next, ([word, summary]) => ({ word, summary })),
      flags: command === undefined ? [HELP] : [...flagsOf(command), HELP, HELP_ALL],
    }
  })
}

const HELP: CompletedFlag = {
  name: '--help',
  help: 'Explain the command.',
  takesValue: false,
  choices: [],
  isPath: false,
}

const HELP_ALL: CompletedFlag = { ...HELP, name: '--help-all', help: 'Explain every flag.' }

function flagsOf(command: Command): CompletedFlag[] {
  return command.sections.flatMap((section) =>
    [...leavesOf(section)].flatMap(({ flag, setting }) => {
      if (flag === undefined || setting.options.deprecated !== undefined) return []
      if (setting.node === 'items') return []
      const { type, choices = [], file = false } = setting.node === 'list' ? setting.of : setting
      const takesValue = setting.node === 'list' || type !== 'boolean'
      const isPath = file || flag === 'config.path'
      return [
        {
          name: `--${flag}`,
          help: firstSentence(setting.options.help),
          takesValue,
          choices,
          isPath,
        },
      ]
    }),
  )
}

function firstSentence(help: string): string {
  return /^.*?[.;:](?= |$)/.exec(help)?.[0].slice(0, -1) ?? help
}

/** A text in single quotes, as all three shells read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The case patterns and actions by which bash and zsh find the values of a flag. */
function valueCases(
  all: readonly CompletedWords[],
  choose: (words: string) => string,
  files: string,
) {
  return all.flatMap(({ called, flags }) =>
    flags.flatMap(({ name, choices, isPath }) => {
      const pattern = quoted(`${called} ${name}`)
      if (choices.length > 0) return [`    ${pattern}) ${choose(choices.join(' '))}; return ;;`]
      return isPath ? [`    ${pattern}) ${files}; return ;;`] : []
    }),
  )
}

function calledPattern(all: readonly CompletedWords[]): string {
  return all
    .filter(({ called }) => called !== '')
    .map(({ called }) => quoted(called))
    .join('|')
}

function bashScript(all: readonly CompletedWords[]): string {
  const choose = (words: string) => `COMPREPLY=($(compgen -W ${quoted(words)} -- "$cur"))`
  const files = 'COMPREPLY=($(compgen -f -- "$cur"))'
  const cases = all.map(({ called, next, flags }) => {
    const words = next.map(({ word }) => word).join(' ')
    const names = flags.map(({ name }) => name).join(' ')
    return `    ${quoted(called)}) words=${quoted(words)} flags=${quoted(names)} ;;`
  })
  return `# bash completion of piko; put it into your profile: eval "$(piko completion bash)"
_piko() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} called= word words= flags=
  # bash takes --flag=value for three words.
  if [[ $cur == = ]]; then cur=
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$called $word" in
      ${calledPattern(all)}) called="$called $word" ;;
      *) break ;;
    esac
  done
  COMPREPLY=()
  case "$called $prev" in
${valueCases(all, choose, files).join('\n')}
  esac
  case "$called" in
${cases.join('\n')}
  esac
  if [[ $cur == -* || -z $words ]]; then words=$flags; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _piko piko pico
`
}

function zshScript(all: readonly CompletedWords[]): string {
  const described = (name: string, help: string) =>
    quoted(`${name.replaceAll(':', String.raw`\:`)}:${help}`)
  const cases = all.map(({ called, next, flags }) => {
    const words = next.map(({ word, summary }) => described(word, summary)).join(' ')
    const names = flags.map(({ name, help }) => described(name, help)).join(' ')
    return `    ${quoted(called)}) words_of=(${words}); flags_of=(${names}) ;;`
  })
  return `#compdef piko pico
# zsh completion of piko; put it into your profile: eval "$(piko completion zsh)"
_piko() {
  local called= word prev="\${words[CURRENT-1]}"
  local -a words_of flags_of
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$called $word" in
      ${calledPattern(all)}) called="$called $word" ;;
      *) break ;;
    esac
  done
  case "$called $prev" in
${valueCases(all, (words) => `compadd -- ${words}`, '_files').join('\n')}
  esac
  case "$called" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* || \${#words_of} == 0 ]]; then _describe -o flag flags_of
  else _describe command words_of
  fi
}
compdef _piko piko pico
`
}

function fishScript(all: readonly CompletedWords[]): string {
  const lines = all.flatMap(({ called, next, flags }) => {
    const condition = `-n ${quoted(`__piko_called ${quoted(called.trim()).replaceAll("'", '"')}`)}`
    return [
      ...next.map(
        ({ word, summary }) => `complete -c piko -f ${condition} -a ${word} -d ${quoted(summary)}`,
      ),
      ...flags.map(({ name, help, takesValue, choices, isPath }) => {
        const value =
          choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : isPath ? ' -r -F' : ' -x'
        const option = `-l ${name.slice(2)}${takesValue ? value : ''}`
        return `complete -c piko ${condition} ${option} -d ${quoted(help)}`
      }),
    ]
  })
  const known = all
    .flatMap(({ called }) => (called === '' ? [] : [quoted(called.trim())]))
    .join(' ')
  return `# fish completion of piko: piko completion fish > ~/.config/fish/completions/piko.fish
function __piko_called
  set -l called
  for word in (commandline -opc)[2..-1]
    if contains -- (string join -- ' ' $called $word) ${known}
      set -a called $word
    else
      break
    end
  end
  set -l text (string join -- ' ' $called)
  test "$text" = "$argv[1]"
end
${lines.join('\n')}
complete -c pico -w piko
`
}
