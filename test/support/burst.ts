// Many upgrades at once: their connections stand before the first of them is sent. Each is known by its first words alone. Knows no test.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'

export type Met = 'live' | 'waits' | 'refused' | 'gone'

export interface Comer {
  key: string
  /** Where it comes from, as a proxy tells it: a brake on one address is no subject of a race. */
  address: string
}

export class Upgrade {
  /** What it met first; a caller that waited is live later. */
  met: Met | undefined
  live = false
  readonly #socket: WebSocket
  readonly #changed: () => void

  constructor(url: URL, { key, address }: Comer, connection: Socket, changed: () => void) {
    this.#changed = changed
    this.#socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': address },
      perMessageDeflate: false,
      createConnection: () => connection,
    })
    this.#socket.on('message', (data: Buffer) => this.#hear(data))
    this.#socket.on('unexpected-response', (request) => {
      this.#is('refused')
      request.destroy()
    })
    this.#socket.on('error', () => this.#is('gone'))
    this.#socket.on('close', () => {
      this.live = false
      this.#is('gone')
    })
  }

  hangUp(): void {
    this.#socket.close(1000)
  }

  vanish(): void {
    this.#socket.terminate()
  }

  #hear(data: Buffer): void {
    const type = /"type":"([^"]+)"/.exec(data.toString('latin1', 0, 200))?.[1]
    if (type === 'session.created') {
      this.live = true
      this.#is('live')
    } else if (type === 'trunkline.queue.joined') this.#is('waits')
    else if (type === 'error') this.#is('refused')
    this.#changed()
  }

  #is(met: Met): void {
    this.met ??= met
    this.#changed()
  }
}

export interface Burst {
  upgrades: Upgrade[]
  /** Between the first upgrade and the last (ms). */
  tookMs: number
  count(met: Met): number
  /** Resolves when it holds; looked at whenever one of them hears something. */
  until(holds: (burst: Burst) => boolean, what: string, withinMs?: number): Promise<void>
  vanish(): void
}

/** One upgrade for each comer, in turn over these brokers. */
export async function burst(wsUrls: readonly string[], comers: readonly Comer[]): Promise<Burst> {
  const urls = comers.map((_, i) => new URL('/v1/realtime?model=gpt-realtime-2.1', wsUrls[i % wsUrls.length]))
  const connections = await Promise.all(urls.map(({ hostname, port }) => connected(hostname, Number(port))))
  let looks: (() => void)[] = []
  const changed = (): void => looks.forEach((look) => look())
  const began = performance.now()
  const upgrades = comers.map((comer, i) => new Upgrade(urls[i] as URL, comer, connections[i] as Socket, changed))
  const tookMs = performance.now() - began
  const made: Burst = {
    upgrades,
    tookMs,
    count: (met) => upgrades.filter((one) => one.met === met).length,
    until: (holds, what, withinMs = 10_000) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          looks = looks.filter((other) => other !== look)
          const met = (['live', 'waits', 'refused', 'gone'] as const).map((kind) => `${made.count(kind)} ${kind}`)
          reject(new Error(`not within ${withinMs} ms: ${what}; ${met.join(', ')}`))
        }, withinMs)
        const look = (): void => {
          if (!holds(made)) return
          clearTimeout(late)
          looks = looks.filter((other) => other !== look)
          resolve()
        }
        looks = [...looks, look]
        look()
      }),
    vanish: () => upgrades.forEach((one) => one.vanish()),
  }
  return made
}

async function connected(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  return socket
}
