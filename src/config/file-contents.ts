import type { Field } from './field.ts'
import type { Findings, Origin } from './findings.ts'
import { readValueFile } from './secret-file.ts'
import type { Child } from './section.ts'
import { nameOf, originOfKey, type Spot } from './spot.ts'

/** Where the values of one section come from. */
export interface SectionOrigins {
  spotOf(child: Child): Spot
  /** The flag that set it, as it was written. */
  flagOf(child: Child): string | undefined
}

/** Puts the contents of files where the settings are that they belong to (`orFile`). */
export function settleContents(
  children: readonly Child[],
  values: Record<string, unknown>,
  { findings, origins }: { readonly findings: Findings; readonly origins: SectionOrigins },
): void {
  for (const { file, content, field } of pairsOf(children)) {
    const path = values[file.key]
    if (typeof path !== 'string' || path === '') continue
    const winner = field.isEmpty(values[content.key]) ? 'file' : winnerOf(file, content, origins)
    if (winner === 'neither') {
      const sentence = `${content.name} and ${file.name} cannot both be set`
      findings.problem(origins.spotOf(file).path, sentence, originOf(file, origins))
    } else if (winner === 'content') {
      values[file.key] = ''
    } else {
      const value = readContent({ path, field, file }, findings, origins)
      if (value !== undefined) values[content.key] = value
    }
  }
}

/** A flag wins over what the file of the configuration says about the other one. */
function winnerOf(file: Child, content: Child, origins: SectionOrigins) {
  const isFlag = origins.flagOf(file) !== undefined
  if (isFlag === (origins.flagOf(content) !== undefined)) return 'neither'
  return isFlag ? 'file' : 'content'
}

function readContent(
  { path, field, file }: { path: string; field: Field<unknown>; file: Child },
  findings: Findings,
  origins: SectionOrigins,
): unknown {
  const spot = origins.spotOf(file)
  const read = readValueFile(path)
  const parsed = 'refused' in read ? read : field.parse(read.text, nameOf(spot))
  if ('refused' in parsed) {
    const sentence = 'refused' in read ? `${nameOf(spot)} ${read.refused}` : parsed.refused
    findings.problem(spot.path, sentence, originOf(file, origins), { found: path })
    return undefined
  }
  return 'text' in read ? (field.ofFile?.(path, read.text) ?? parsed.value) : undefined
}

function originOf(child: Child, origins: SectionOrigins): Origin {
  const flag = origins.flagOf(child)
  if (flag !== undefined) return { flag }
  const spot = origins.spotOf(child)
  return spot.node === undefined ? originOfKey(spot) : { range: spot.node }
}

interface Pair {
  readonly file: Child
  readonly content: Child
  readonly field: Field<unknown>
}

function pairsOf(children: readonly Child[]): Pair[] {
  return children.flatMap((file) => {
    if (file.setting.node !== 'field' || file.setting.contentOf === undefined) return []
    const { contentOf } = file.setting
    const content = children.find(({ key }) => key === contentOf)
    if (content?.setting.node !== 'field') return []
    return [{ file, content, field: content.setting }]
  })
}
