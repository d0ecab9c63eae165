import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { ClusterKey, KeyRing } from './key-ring.ts'
import { ReplayGuard } from './replay-guard.ts'

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
 * That also tells a datagram that is sent again by somebody who overheard it.
 */
export class PacketSeal {
  private readonly keys: KeyRing
  private readonly process = randomBytes(PROCESS_BYTES)
  private readonly guard = new ReplayGuard()
  private counter = 0
  /** Datagrams that were taken before, or are this process's own. */
  replays = 0

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

  /** The packet inside; undefined when it was not sealed with a key of this cluster, or is old. */
  open(sealed: Buffer): Buffer | undefined {
    if (sealed.length < SEAL_BYTES) return undefined
    const id = sealed.subarray(0, KEY_ID_BYTES)
    const key = this.keys.find(id)
    if (key === undefined) return undefined
    const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
    const sender = nonce.toString('latin1', 0, PROCESS_BYTES)
    const counter = nonce.readUIntBE(PROCESS_BYTES, COUNTER_BYTES)
    // Before anything is decrypted: sending again must not be cheaper than refusing.
    if (!this.isFresh(sender, counter)) return undefined
    const packet = decrypt(sealed, key)
    // Only behind that is the counter known to be the sender's.
    if (packet !== undefined) this.guard.take(sender, counter)
    return packet
  }

  private isFresh(sender: string, counter: number): boolean {
    const isOwn = sender === this.process.toString('latin1')
    if (!isOwn && this.guard.isFresh(sender, counter)) return true
    this.replays += 1
    return false
  }
}

function decrypt(sealed: Buffer, { id, packetKey }: ClusterKey): Buffer | undefined {
  const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
  const decipher = createDecipheriv(ALGORITHM, packetKey, nonce)
  decipher.setAAD(id).setAuthTag(sealed.subarray(-TAG_BYTES))
  const text = decipher.update(sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, -TAG_BYTES))
  try {
    return Buffer.concat([text, decipher.final()])
  } catch {
    return undefined
  }
}
