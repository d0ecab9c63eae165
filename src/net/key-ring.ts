import { hkdfSync } from 'node:crypto'

/**
 * What one secret gives: keys for datagrams and for streams, and the name that peers know it by.
 */
export interface ClusterKey {
  /** 8 bytes, the same on every node that has the secret; says nothing of the secret itself. */
  readonly id: Buffer
  /** AES-256-GCM. */
  readonly packetKey: Buffer
  /** TLS-PSK. */
  readonly streamKey: Buffer
}

const KEY_BYTES = 32
const ID_BYTES = 8

/**
 * The keys of a cluster. The first one is used for what this node sends; all are accepted, so that
 * a secret can be replaced node by node:
 *
 *     secret: old                         every node
 *     secret: old, previous: [new]        every node learns to read the new one
 *     secret: new, previous: [old]        every node begins to write it
 *     secret: new                         the old one is worth nothing any more
 */
export class KeyRing {
  readonly current: ClusterKey
  private readonly byId: ReadonlyMap<string, ClusterKey>

  /** `secrets` holds at least one, the one in use first. */
  constructor([current, ...others]: readonly [string, ...string[]]) {
    const keys = [current, ...others].map(deriveKey)
    this.current = keys[0] as ClusterKey
    this.byId = new Map(keys.map((key) => [key.id.toString('hex'), key]))
  }

  /** The key with this id; undefined when it is another cluster's. */
  find(id: Buffer): ClusterKey | undefined {
    return this.byId.get(id.toString('hex'))
  }
}

/** RFC 5869. The info texts keep the keys apart from each other and from any other use. */
function deriveKey(secret: string): ClusterKey {
  const derive = (use: string, byteLength: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, 'piko cluster secret', use, byteLength))
  return {
    id: derive('key id', ID_BYTES),
    packetKey: derive('gossip packets', KEY_BYTES),
    streamKey: derive('node streams', KEY_BYTES),
  }
}
