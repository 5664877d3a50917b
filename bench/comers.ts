// Callers that come at their time and hang up when they are answered, or a little later, a process of its own: bytes on TCP sockets, so that it takes little of
// the machine itself. Open model: an answer counts from when its caller was due, also when it came late. Refuses to know whom it calls.
import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Door } from './load.ts'
import type { Beat } from './pacer.ts'

export interface Order {
  /** Taken in turn. */
  readonly doors: readonly Door[]
  readonly perSecond: number
  readonly seconds: number
  /** How long each stays once it is let in. */
  readonly stayMs: number
}

/** Milliseconds, one for each caller that was answered, in no order. */
export interface Came {
  /** From when it was due to its 101; one connection and its request are in it. */
  readonly decided: number[]
  /** To when it came: what this program itself is to blame for. */
  readonly lateness: number[]
  /** How many upgrades were answered with each status; 0 is none at all. */
  readonly statuses: Record<number, number>
}

const patienceMs = 5_000
/** One address may open so many calls a second (H6): these come from so many, behind a proxy. */
const addresses = 200
/** A close frame, code 1000, masked with zeros. */
const goodbye = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])

process.on('message', (order: Order) => {
  void come(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function come({ doors, perSecond, seconds, stayMs }: Order): Promise<Came> {
  const came: Came = { decided: [], lateness: [], statuses: {} }
  const requests = Array.from({ length: addresses }, (_, i) => requestOf(doors[i % doors.length] as Door, i))
  const port = Number(new URL(doors[0]?.url ?? '').port)
  // Spread by the golden section: in step with no other clock.
  const offsets = Array.from({ length: perSecond }, (_, i) => ((i * 0.618_034) % 1) * 1000).toSorted((a, b) => a - b)
  const from = now() + 100
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), {
    workerData: { from, periodMs: 1000, periods: seconds, offsets } satisfies Beat,
  })
  const all = perSecond * seconds
  const dueAt = (n: number): number => from + Math.floor(n / perSecond) * 1000 + (offsets[n % perSecond] ?? 0)
  const calls: Promise<void>[] = []
  const begin = (): void => {
    for (let n = calls.length; n < all && dueAt(n) <= now(); n++)
      calls.push(call(port, requests[n % addresses] ?? '', dueAt(n), stayMs, came))
  }
  pacer.on('message', begin)
  await once(pacer, 'exit')
  begin()
  await Promise.all(calls)
  return came
}

function call(port: number, request: string, dueAt: number, stayMs: number, came: Came): Promise<void> {
  came.lateness.push(now() - dueAt)
  return new Promise((resolve) => {
    let status = 0
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request))
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on('data', (data) => {
      if (status !== 0) return
      status = Number(data.toString('latin1', 9, 12))
      if (status === 101) came.decided.push(now() - dueAt)
      if (status === 101 && stayMs > 0) setTimeout(() => socket.end(goodbye), stayMs)
      else socket.end(status === 101 ? goodbye : '')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      came.statuses[status] = (came.statuses[status] ?? 0) + 1
      resolve()
    })
  })
}

function requestOf({ url, protocols }: Door, n: number): string {
  const { host, pathname, search } = new URL(url)
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    `X-Forwarded-For: 10.0.${n >> 8}.${n & 255}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${protocols.join(', ')}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
