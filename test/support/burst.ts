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
  /** Of a refusal: the code of its error event, or the status of its answer. */
  why = ''
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
    this.#socket.on('unexpected-response', (request, { statusCode }) => {
      this.why ||= `${statusCode}`
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
    this.live = false
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
    else if (type === 'error') {
      this.why ||= /"code":"([^"]+)"/.exec(data.toString())?.[1] ?? 'no code'
      this.#is('refused')
    }
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
  /** How many met what, refusals by their reason. */
  tally(): Record<string, number>
  /** Those of whom this holds come again, each a new upgrade in its place. */
  again(of: (upgrade: Upgrade) => boolean): Promise<void>
  /** Resolves when it holds; looked at whenever one of them hears something. */
  until(holds: (burst: Burst) => boolean, what: string, withinMs?: number): Promise<void>
  vanish(): void
}

/** One upgrade for each comer, in turn over these brokers. */
export async function burst(wsUrls: readonly string[], comers: readonly Comer[]): Promise<Burst> {
  const urls = comers.map((_, i) => new URL('/v1/realtime?model=gpt-realtime-2.1', wsUrls[i % wsUrls.length]))
  const connections = await Promise.all(urls.map(connected))
  const upgradeOf = (i: number, connection: Socket): Upgrade =>
    new Upgrade(urls[i] as URL, comers[i] as Comer, connection, changed)
  let looks: (() => void)[] = []
  const changed = (): void => looks.forEach((look) => look())
  const began = performance.now()
  const upgrades = connections.map((connection, i) => upgradeOf(i, connection))
  const tookMs = performance.now() - began
  const made: Burst = {
    upgrades,
    tookMs,
    tally: () => {
      const all: Record<string, number> = {}
      for (const { met = 'nothing', why } of upgrades) {
        const name = met === 'refused' ? why : met
        all[name] = (all[name] ?? 0) + 1
      }
      return all
    },
    again: async (of) => {
      const places = upgrades.flatMap((one, i) => (of(one) ? [i] : []))
      const fresh = await Promise.all(places.map((i) => connected(urls[i] as URL)))
      places.forEach((i, n) => (upgrades[i] = upgradeOf(i, fresh[n] as Socket)))
    },
    until: (holds, what, withinMs = 10_000) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          looks = looks.filter((other) => other !== look)
          reject(new Error(`not within ${withinMs} ms: ${what}; ${JSON.stringify(made.tally())}`))
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

/** Each has its desk's answer: whom a busy machine has shed comes again. */
export async function decided(all: Burst, withinMs: number): Promise<void> {
  await all.until(answered, 'each was answered', withinMs)
  while (all.upgrades.some(shed)) {
    await all.again(shed)
    await all.until(answered, 'each was answered', withinMs)
  }
}

function answered({ upgrades }: Burst): boolean {
  return upgrades.every(({ met }) => met !== undefined)
}

function shed({ why }: Upgrade): boolean {
  return why === '503'
}

async function connected({ hostname, port }: URL): Promise<Socket> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  return socket
}
