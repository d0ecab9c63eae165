import { createHash, randomBytes } from 'node:crypto'
import { Agent, request as openRequest } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createWebSocketStream, WebSocket } from 'ws'
import type { Ledger, LoadKind } from './ledger.ts'
import { DOWNLOAD_BYTES } from './order-service.ts'
import type { Ticker } from './ticker.ts'

/** The endpoint that takes TCP connections. */
export const TCP_ENDPOINT = 'echo'

const UPLOAD_BYTES = 256 * 1024
const UPLOAD_PIECES = 16
const EVENTS = 20
/** Between two words on an upgraded connection. */
const WORD_MS = 200
/** A connection on which nothing came back for so long is dead; the machine may be busy. */
const SILENCE_MS = 3_000

export interface LoadOptions {
  /** Where the clients' load balancer listens. */
  readonly port: number
  readonly endpoints: readonly string[]
  /** Short requests a second, three GETs for each POST. */
  readonly rate: number
  readonly ledger: Ledger
  readonly ticker: Ticker
  /** Whether an upgraded connection may end now. */
  readonly mayEnd: () => boolean
}

/**
 * Everything that clients do with a cluster at the same time, each failure with its cause. The
 * short requests come at a rate, whether those before were answered or not, as from many clients.
 */
export class Loads {
  private readonly options: LoadOptions
  private readonly agent = new Agent({ keepAlive: true, timeout: 60_000 })
  private readonly talks = new Set<Duplex>()
  private running = true
  private sent = 0

  constructor(options: LoadOptions) {
    this.options = options
  }

  /** Resolves when the loads were stopped and everything under way has ended. */
  async run(): Promise<void> {
    const loops = this.options.endpoints.flatMap((endpoint) => [
      ...Array.from({ length: 4 }, async () => this.loop(endpoint, 'slow')),
      this.loop(endpoint, 'upload'),
      this.loop(endpoint, 'download'),
      this.loop(endpoint, 'events'),
      this.loop(endpoint, 'upgrade'),
      this.loop(endpoint, 'upgrade'),
    ])
    const tcp = [this.loop(TCP_ENDPOINT, 'tcp'), this.loop(TCP_ENDPOINT, 'tcp')]
    await Promise.all([this.shortRequests(), ...tcp, ...loops])
    this.agent.destroy()
  }

  stop(): void {
    this.running = false
    for (const talk of this.talks) talk.end()
  }

  private async shortRequests(): Promise<void> {
    const { rate, ticker, endpoints } = this.options
    const startedMs = performance.now()
    const pending = new Set<Promise<void>>()
    while (this.running) {
      const due = ((performance.now() - startedMs) / 1_000) * rate
      for (; this.sent < due; this.sent++) {
        const kind = this.sent % 4 === 3 ? 'post' : 'get'
        const endpoint = endpoints[this.sent % endpoints.length] as string
        const one: Promise<void> = this.attempt(kind, endpoint).finally(() => pending.delete(one))
        pending.add(one)
      }
      await ticker.after(0)
    }
    await Promise.all(pending)
  }

  private async loop(endpoint: string, kind: LoadKind): Promise<void> {
    while (this.running) {
      const wasMissed = this.options.ledger.failedCount
      await this.attempt(kind, endpoint)
      // What is down answers quickly; it shall not be asked all the more.
      if (this.options.ledger.failedCount > wasMissed) await this.options.ticker.after(100)
    }
  }

  private async attempt(kind: LoadKind, endpoint: string): Promise<void> {
    const { ledger } = this.options
    try {
      await this[kind](endpoint)
      ledger.succeeded(kind, endpoint)
    } catch (error) {
      ledger.missed(kind, endpoint, causeOf(error))
    }
  }

  private readonly get = async (endpoint: string): Promise<void> => {
    expect(await this.answerTo(endpoint, { path: '/fast' }), '/fast')
  }

  private readonly slow = async (endpoint: string): Promise<void> => {
    expect(await this.answerTo(endpoint, { path: '/slow' }), '/slow')
  }

  private readonly post = async (endpoint: string): Promise<void> => {
    const id = randomBytes(8).toString('hex')
    const sent = this.open(endpoint, { path: '/orders', method: 'POST' })
    sent.end(id)
    expect(await bodyOf(sent), `taken ${id}`)
  }

  /** Takes a second or so. */
  private readonly upload = async (endpoint: string): Promise<void> => {
    const piece = randomBytes(UPLOAD_BYTES / UPLOAD_PIECES)
    const hash = createHash('sha256')
    const sent = this.open(endpoint, { path: '/upload', method: 'PUT' })
    const answered = bodyOf(sent)
    answered.catch(() => {})
    for (let i = 0; i < UPLOAD_PIECES; i++) {
      hash.update(piece)
      sent.write(piece)
      await this.options.ticker.after(60)
    }
    sent.end()
    expect(await answered, hash.digest('hex'))
  }

  private readonly download = async (endpoint: string): Promise<void> => {
    const body = await this.answerTo(endpoint, { path: '/download' })
    if (body.length !== DOWNLOAD_BYTES) throw new Error(`${body.length} bytes`)
  }

  private readonly events = async (endpoint: string): Promise<void> => {
    const body = await this.answerTo(endpoint, { path: `/events?count=${EVENTS}` })
    if (!body.endsWith('data: last\n\n')) throw new Error('the events broke off')
  }

  /** An upgraded connection that talks for as long as it lives. */
  private readonly upgrade = async (endpoint: string): Promise<void> => {
    const headers = { connection: 'Upgrade', upgrade: 'echo' }
    await this.talk(await upgraded(this.open(endpoint, { headers, agent: false }).end()))
  }

  /** The same over the route for TCP connections. */
  private readonly tcp = async (endpoint: string): Promise<void> => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${this.options.port}/_piko/v1/tcp/${endpoint}`)
    await new Promise((resolve, reject) => {
      webSocket.once('open', resolve)
      webSocket.once('error', reject)
    })
    await this.talk(createWebSocketStream(webSocket))
  }

  private async talk(socket: Duplex): Promise<void> {
    this.talks.add(socket)
    const closed = new Promise<void>((resolve) => void socket.once('close', resolve))
    let heard = 0
    let said = 0
    let heardMs = performance.now()
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.length
      heardMs = performance.now()
    })
    socket.on('error', () => socket.destroy())
    while (this.running && !socket.destroyed && socket.readable) {
      if (heard < said && performance.now() - heardMs > SILENCE_MS) {
        throw new Error(`a word stayed unanswered for ${SILENCE_MS} ms`)
      }
      socket.write('word')
      said += 4
      await this.options.ticker.after(WORD_MS)
    }
    const isEarly = this.running && !this.options.mayEnd()
    // It may have ended on the other side alone.
    socket.destroy()
    await closed
    this.talks.delete(socket)
    if (isEarly) throw new Error('cut before its time')
  }

  private async answerTo(endpoint: string, options: RequestOptions): Promise<string> {
    return bodyOf(this.open(endpoint, options).end())
  }

  private open(endpoint: string, { headers, ...options }: RequestOptions) {
    return openRequest({
      host: '127.0.0.1',
      port: this.options.port,
      agent: this.agent,
      ...options,
      headers: { 'x-piko-endpoint': endpoint, ...(headers as Record<string, string>) },
    })
  }
}

async function bodyOf(sent: ReturnType<typeof openRequest>): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })
  const body = (await buffer(response)).toString()
  if (response.statusCode === 200) return body
  throw new Error(`status ${response.statusCode}: ${body.trim()}`)
}

async function upgraded(sent: ReturnType<typeof openRequest>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    sent.once('upgrade', (_response, socket: Socket) => resolve(socket))
    sent.once('response', (response) => {
      response.resume()
      reject(new Error(`status ${response.statusCode} to an upgrade`))
    })
    sent.once('error', reject)
  })
}

function expect(got: string, wanted: string): void {
  if (got !== wanted) throw new Error(`${got.length} bytes that are not the answer`)
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}
