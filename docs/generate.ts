import { writeFileSync } from 'node:fs'
import { referenceFiles } from './reference-files.ts'

// Writes docs/reference anew from the sections that the program itself is configured by.
for (const [name, content] of referenceFiles()) {
  writeFileSync(new URL(`reference/${name}`, import.meta.url), content)
}
