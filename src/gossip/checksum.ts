/**
 * FNV-1a of 32 bits over `bytes` from `start` on. It tells a damaged or cut message from a whole
 * one, which UDP over IPv4 need not do (RFC 768); against forgers there is sealing, outside.
 */
export function checksum(bytes: Uint8Array, start: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < bytes.length; i++) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  }
  return hash >>> 0
}
