import type { CarriedKind } from '../upstream/upstream.ts'

/** What a relayed stream begins with, so that the owner knows what to do without parsing HTTP. */
export interface RelayPreamble {
  readonly endpointId: string
  /** '' is the default tenant. */
  readonly tenantId: string
  /** The client's address, for the owner's logs. */
  readonly clientAddress: string
  readonly kind: CarriedKind
}

const VERSION = 1
const HEADER_BYTES = 5
const TEXTS = 3
const KINDS: readonly CarriedKind[] = ['request', 'connection']

/** The largest preamble there is: each text is at most 255 bytes long. */
export const PREAMBLE_BYTES_MAX = HEADER_BYTES + TEXTS * 255

/**
 *      0         1      2      3      4        5
 *     ┌─────────┬──────┬──────┬──────┬────────┬─────────┬────────┬────────┐
 *     │ version │ endp │ ten  │ addr │ kind   │ endpoint│ tenant │ address│
 *     └─────────┴──────┴──────┴──────┴────────┴─────────┴────────┴────────┘
 *                lengths in bytes               UTF-8
 */
export function encodePreamble(preamble: RelayPreamble): Uint8Array {
  const texts = [preamble.endpointId, preamble.tenantId, preamble.clientAddress].map((text) =>
    Buffer.from(text, 'utf8'),
  )
  const header = [VERSION, ...texts.map(({ length }) => length), KINDS.indexOf(preamble.kind)]
  return Buffer.concat([Buffer.from(header), ...texts])
}

export type PreambleProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'preamble'; readonly preamble: RelayPreamble; readonly byteLength: number }
  | { readonly kind: 'violation' }

/** Reads the preamble at the start of `bytes`; what lies behind it is the client's request. */
export function decodePreamble(bytes: Uint8Array): PreambleProgress {
  const [version, endpoint = 0, tenant = 0, address = 0, kind = 0] = bytes
  if (version !== undefined && version !== VERSION) return { kind: 'violation' }
  const byteLength = HEADER_BYTES + endpoint + tenant + address
  if (bytes.length < HEADER_BYTES || bytes.length < byteLength) return { kind: 'more' }
  const text = (start: number, length: number): string =>
    Buffer.from(bytes.subarray(start, start + length)).toString('utf8')
  const preamble = {
    endpointId: text(HEADER_BYTES, endpoint),
    tenantId: text(HEADER_BYTES + endpoint, tenant),
    clientAddress: text(HEADER_BYTES + endpoint + tenant, address),
    kind: KINDS[kind] ?? 'request',
  }
  return { kind: 'preamble', preamble, byteLength }
}

/**
 * The first byte of a relayed answer: whether the owner has an upstream that took the request.
 * `declined`: it has, and that cannot reach its service; `sibling`: but another one there may.
 */
export const RelayVerdict = { taken: 0, refused: 1, declined: 2, sibling: 3 } as const
export type RelayVerdict = (typeof RelayVerdict)[keyof typeof RelayVerdict]
