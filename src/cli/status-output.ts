import { stringify } from 'yaml'
import type { OutputFormat } from './status-config.ts'
import { unreachable } from '../std/assert.ts'
import { textTable } from './text-table.ts'
import type { TableRow } from './text-table.ts'

/** A status that is ready to be printed in any form. */
export interface StatusDocument {
  /** What yaml and json print. */
  readonly value: unknown
  readonly headings: readonly string[]
  readonly rows: readonly TableRow[]
}

export function renderStatus(document: StatusDocument, format: OutputFormat): string {
  switch (format) {
    case 'yaml':
      return stringify(document.value, { indentSeq: false, lineWidth: 0 })
    case 'json':
      return `${JSON.stringify(document.value, null, 2)}\n`
    case 'table':
      return textTable(document.headings, document.rows)
    default:
      return unreachable(format)
  }
}
