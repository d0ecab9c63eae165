import { randomBytes, randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import type { ClusterMember } from '../support/cluster.ts'
import { KeyRing } from '../../src/net/key-ring.ts'
import { PacketSeal } from '../../src/net/packet-seal.ts'
import { dialPort } from '../support/piko.ts'
import { adminPage, metricOf, startCluster, startMember } from '../support/cluster.ts'

/**
 * What strangers send to the gossip port: nothing comes of it, and nobody gets more than he gave.
 */

/** A datagram socket that remembers what came back. */
class Stranger {
  readonly socket: Socket
  readonly received: Buffer[] = []
  sentBytes = 0

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', (bytes) => this.received.push(bytes))
  }

  static async arrive(): Promise<Stranger> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    onTestFinished(() => void socket.close())
    return new Stranger(socket)
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`
  }

  get receivedBytes(): number {
    return this.received.reduce((sum, { length }) => sum + length, 0)
  }

  send(node: ClusterMember, bytes: Uint8Array): void {
    this.sentBytes += bytes.length
    this.socket.send(bytes, node.addresses.gossip.port, '127.0.0.1')
  }

  /** Sends a packet that is answered, and waits until it is: what was sent before has been read. */
  async sendAndHear(node: ClusterMember, question: Uint8Array): Promise<Buffer> {
    const answered = once(this.socket, 'message')
    this.send(node, question)
    return ((await answered) as [Buffer])[0]
  }
}

/** What a node that knows nobody asks of an address that it is to join. */
async function overhearQuestion(flags: readonly string[] = []): Promise<Buffer> {
  const ear = await Stranger.arrive()
  const heard = once(ear.socket, 'message')
  const asking = startMember('asker', [
    '--cluster.join',
    ear.address,
    '--cluster.join-timeout',
    '100ms',
    '--cluster.abort-if-join-fails=false',
    ...flags,
  ])
  const [question] = (await heard) as [Buffer]
  await (await asking).stop()
  return question
}

/** Everything that a node knows, but for what time alone changes. */
async function knowledgeOf(node: ClusterMember): Promise<unknown> {
  const pages = ['/status/cluster/nodes', '/status/gossip/nodes', '/status/gossip/nodes/n2']
  return Promise.all(pages.map(async (page) => JSON.parse((await adminPage(node, page)).text)))
}

/** Everything is looked at: what a flood is refused is tried elsewhere. */
const OPEN = ['--cluster.gossip.max-stranger-packets', '1000000']

/** Random bytes, and true packets that were cut or damaged. */
function* hostile(packets: readonly Buffer[], count: number): Generator<Buffer> {
  for (let i = 0; i < count; i++) {
    const packet = Buffer.from(packets[i % packets.length] as Buffer)
    const kind = i % 3
    if (kind === 0) yield randomBytes(randomInt(1, 1_400))
    else if (kind === 1) yield packet.subarray(0, randomInt(packet.length))
    else {
      for (let flips = randomInt(1, 8); flips > 0; flips--) {
        const at = randomInt(packet.length)
        packet[at] = (packet[at] as number) ^ randomInt(1, 256)
      }
      yield packet
    }
  }
}

const ROUNDS = 125
/**
 * So few that a socket's buffer holds them all: a datagram too many would be lost, the last first.
 */
const PER_ROUND = 40

test('random, cut, damaged and replayed datagrams change nothing', async () => {
  const question = await overhearQuestion()
  const [n1] = (await startCluster(2, { flags: OPEN })) as [ClusterMember]
  const before = await knowledgeOf(n1)
  const stranger = await Stranger.arrive()
  const answer = await stranger.sendAndHear(n1, question)
  for (let round = 0; round < ROUNDS; round++) {
    for (const bytes of hostile([question, answer], PER_ROUND)) stranger.send(n1, bytes)
    await stranger.sendAndHear(n1, question)
  }
  expect(await knowledgeOf(n1)).toEqual(before)
  expect(stranger.receivedBytes).toBeLessThanOrEqual(stranger.sentBytes)
  expect(await metricOf(n1, 'piko_gossip_packets_dropped_total')).toBeGreaterThan(ROUNDS)
})

test('no answer is longer than the question', async () => {
  const question = await overhearQuestion()
  const [n1] = (await startCluster(3)) as [ClusterMember]
  const stranger = await Stranger.arrive()
  for (let length = question.length; length > question.length - 300; length -= 50) {
    const asked = question.subarray(0, length)
    stranger.received.length = 0
    stranger.send(n1, asked)
    await stranger.sendAndHear(n1, question)
    for (const answer of stranger.received) expect(answer.length).toBeLessThanOrEqual(length)
    if (length < question.length) expect(stranger.received).toHaveLength(1)
  }
})

test('with a secret, what was not sealed with it gets no answer, nor a replay', async () => {
  const open = await overhearQuestion()
  const foreign = await overhearQuestion(['--cluster.secret', 'another'])
  const own = await overhearQuestion(['--cluster.secret', 's3cret'])
  const [n1] = (await startCluster(2, {
    flags: [...OPEN, '--cluster.secret', 's3cret'],
  })) as [ClusterMember]
  const before = await knowledgeOf(n1)
  const stranger = await Stranger.arrive()
  const member = new PacketSeal(new KeyRing(['s3cret']))
  for (let round = 0; round < ROUNDS; round++) {
    for (const bytes of hostile([open, foreign, own], PER_ROUND)) stranger.send(n1, bytes)
    stranger.send(n1, open)
    stranger.send(n1, foreign)
    stranger.send(n1, own)
    // Only what is sealed anew is answered, unreadably and within its own length.
    const asked = member.seal(open)
    const answer = await stranger.sendAndHear(n1, asked)
    expect(answer.length).toBeLessThanOrEqual(asked.length)
  }
  // The overheard question was answered when it came for the first time.
  expect(stranger.received.length).toBeLessThanOrEqual(ROUNDS + 1)
  expect(await metricOf(n1, 'piko_gossip_packets_replayed_total')).toBeGreaterThanOrEqual(
    ROUNDS - 1,
  )
  expect(await knowledgeOf(n1)).toEqual(before)
})

test('strangers on the stream side are let go, and nothing changes', async () => {
  const [n1] = (await startCluster(2, { flags: OPEN })) as [ClusterMember]
  const before = await knowledgeOf(n1)
  for (const first of [
    'GET / HTTP/1.1\r\n\r\n',
    'S\xff\xff\xff\xff',
    'Sgarbage and more',
    'R?????????????',
  ]) {
    const client = await dialPort(n1.addresses.gossip)
    client.send(Buffer.from(first, 'latin1'))
    await client.ending()
  }
  expect(await knowledgeOf(n1)).toEqual(before)
})
