import { CloseCode, violation } from './websocket-error.ts'
import type { WebSocketError } from './websocket-error.ts'

/** What a Close says; CloseCode.noStatus if it holds nothing. */
export interface Close {
  readonly closeCode: number
  readonly reason: string
}

/** The payload of a Close: a code without words, or nothing (RFC 6455 §5.5.1). */
export function closePayload(closeCode: number): Uint8Array {
  return closeCode === CloseCode.noStatus
    ? new Uint8Array(0)
    : Uint8Array.of(closeCode >>> 8, closeCode & 0xff)
}

/** Reads a payload, which is empty, or a code and words in UTF-8. */
export function readClose(payload: Uint8Array): Close | WebSocketError {
  if (payload.length === 0) return { closeCode: CloseCode.noStatus, reason: '' }
  if (payload.length === 1) return violation('protocol', 'half a close code')
  const closeCode = ((payload[0] as number) << 8) | (payload[1] as number)
  if (!isSendable(closeCode)) return violation('protocol', `close code ${closeCode}`)
  try {
    return { closeCode, reason: UTF_8.decode(payload.subarray(2)) }
  } catch {
    return violation('invalid-payload', 'the reason of a Close is not UTF-8')
  }
}

/** Whether a code may be on the wire (RFC 6455 §7.4 and IANA's registry). */
function isSendable(closeCode: number): boolean {
  if (closeCode >= 3000) return closeCode <= 4999
  return (closeCode >= 1000 && closeCode <= 1003) || (closeCode >= 1007 && closeCode <= 1014)
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
