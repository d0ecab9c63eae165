/** Bytes as text, one character each: what HTTP heads are (RFC 9112 §2.2). */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('latin1', start, end)
}

export function encodeLatin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The same bytes with Buffer's native methods; sockets hand out Buffers already. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
