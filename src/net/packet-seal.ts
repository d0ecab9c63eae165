import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from './key-ring.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const PROCESS_BYTES = 6
const COUNTER_BYTES = NONCE_BYTES - PROCESS_BYTES
const TAG_BYTES = 16

/** What sealing adds to a packet. */
export const SEAL_BYTES = KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES

/**
 * Encrypts and authenticates datagrams with the keys of the cluster (AES-256-GCM, NIST SP 800-38D):
 *
 *      0        8                        20                      n-16      n
 *     ┌────────┬────────────┬───────────┬───────────────────────┬─────────┐
 *     │ key id │ process    │ counter   │ ciphertext            │ tag     │
 *     └────────┴────────────┴───────────┴───────────────────────┴─────────┘
 *               ╰─────── nonce ────────╯
 *
 * A nonce must never come twice under a key: each process draws its part at random, and counts.
 */
export class PacketSeal {
  private readonly keys: KeyRing
  private readonly process = randomBytes(PROCESS_BYTES)
  private counter = 0

  constructor(keys: KeyRing) {
    this.keys = keys
  }

  seal(packet: Uint8Array): Buffer {
    const { id, packetKey } = this.keys.current
    const nonce = Buffer.alloc(NONCE_BYTES)
    this.process.copy(nonce)
    nonce.writeUIntBE(this.counter, PROCESS_BYTES, COUNTER_BYTES)
    this.counter += 1
    const cipher = createCipheriv(ALGORITHM, packetKey, nonce).setAAD(id)
    return Buffer.concat([id, nonce, cipher.update(packet), cipher.final(), cipher.getAuthTag()])
  }

  /** The packet inside; undefined when it was not sealed with a key of this cluster. */
  open(sealed: Buffer): Buffer | undefined {
    if (sealed.length < SEAL_BYTES) return undefined
    const id = sealed.subarray(0, KEY_ID_BYTES)
    const key = this.keys.find(id)
    if (key === undefined) return undefined
    const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key.packetKey, nonce)
    decipher.setAAD(id).setAuthTag(sealed.subarray(-TAG_BYTES))
    const text = decipher.update(sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, -TAG_BYTES))
    try {
      return Buffer.concat([text, decipher.final()])
    } catch {
      return undefined
    }
  }
}
