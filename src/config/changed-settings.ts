import { SecretText } from './secret-text.ts'
import type { Section } from './section.ts'
import { type SettledValue, settledValues } from './settled-values.ts'

/** The settings that differ between two configurations of `root`, as they stand in the second. */
export function changedSettings(root: Section, before: unknown, after: unknown): SettledValue[] {
  const old = [...settledValues(root, before)]
  return [...settledValues(root, after)].filter(
    (settled, index) => !isSame(settled, old[index]?.value, settled.value),
  )
}

function isSame({ setting }: SettledValue, before: unknown, after: unknown): boolean {
  if (setting.node === 'field') return comparable(before, setting) === comparable(after, setting)
  const [old, present] = [before as readonly unknown[], after as readonly unknown[]]
  if (old.length !== present.length) return false
  return present.every((value, index) => {
    if (setting.node === 'items') return changedSettings(setting.of, old[index], value).length === 0
    return comparable(old[index], setting.of) === comparable(value, setting.of)
  })
}

/** A secret's format is a mask: it is compared by what it hides. */
function comparable(value: unknown, field: { format(value: unknown): unknown }): unknown {
  return value instanceof SecretText ? value.reveal() : field.format(value)
}
