import { onTestFinished } from 'vitest'
import { Tunnel } from '../../src/client/tunnel.ts'
import { MuxRuntime } from '../../src/net/mux-conn.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import type { Stream } from '../../src/yamux/session.ts'

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

/** Many tunnels with nothing behind them: each answers every request with `ok` by itself. */
export class ManyTunnels {
  /** When each tunnel was opened, in order, the first times and those after a move. */
  readonly openedMs: number[] = []
  private readonly tunnels: Tunnel[] = []

  /** Opens `count` tunnels at endpoints `e0`, `e1`, …; resolves when all stand. */
  static async open({ port }: HostPort, count: number, endpoints: number): Promise<ManyTunnels> {
    const many = new ManyTunnels()
    const runtime = new MuxRuntime()
    const dial = async (index: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const options = {
          url: `http://127.0.0.1:${port}`,
          endpointId: `e${index % endpoints}`,
          connectTimeoutMs: 10_000,
          runtime,
        }
        const connected = (): void => {
          many.openedMs.push(performance.now())
          resolve()
        }
        const owner = { accepted: answer, connected, disconnected() {}, refused: reject }
        const tunnel = new Tunnel(options, owner)
        many.tunnels.push(tunnel)
        tunnel.start()
      })
    onTestFinished(() => {
      for (const tunnel of many.tunnels) tunnel.destroy()
    })
    // A few at a time, as they would come.
    for (let begun = 0; begun < count; begun += 50) {
      const batch = Array.from({ length: Math.min(50, count - begun) }, (_, i) => begun + i)
      await Promise.all(batch.map(dial))
    }
    return many
  }

  /** The most that were opened within any `ms` since `sinceMs`. */
  mostWithin(ms: number, sinceMs: number): number {
    const times = this.openedMs.filter((atMs) => atMs >= sinceMs)
    return Math.max(
      0,
      ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length),
    )
  }
}

function answer(stream: Stream): void {
  stream.attach({
    data: (bytes) => {
      stream.consumed(bytes.length)
      stream.write(ANSWER)
      stream.end()
    },
    end() {},
    drain() {},
    reset() {},
  })
}
