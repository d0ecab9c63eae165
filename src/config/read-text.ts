import { readFileSync } from 'node:fs'
import { errorCode, describeError } from '../std/errors.ts'

/** More than a thousand times what a large configuration takes. */
const FILE_MAX_BYTES = 1_048_576

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of its path is not a directory',
  ELOOP: 'its symbolic links run in circles',
}

/** Reads a file of UTF-8 text, or says in a sentence why that cannot be done. */
export function readText(path: string): { readonly text: string } | { readonly refused: string } {
  let content: Uint8Array
  try {
    content = readFileSync(path)
  } catch (error) {
    return { refused: `cannot be read: ${reasonOf(error)}` }
  }
  if (content.length > FILE_MAX_BYTES) return { refused: 'is larger than 1 MiB' }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content)
    return text.includes('\0') ? { refused: 'is not a text file' } : { text }
  } catch {
    return { refused: 'is not UTF-8 text' }
  }
}

function reasonOf(error: unknown): string {
  return REASONS[errorCode(error) ?? ''] ?? describeError(error)
}
