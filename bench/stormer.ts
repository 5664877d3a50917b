// A client that reconnects without back-off, a process of its own: bytes on TCP sockets, so that it takes little of the machine itself.
// Refuses to know what it storms: a broker, or the bare server that stands in for one.
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Door } from './load.ts'

export type Order =
  | {
      readonly do: 'start'
      readonly door: Door
      readonly perSecond: number
      readonly from: 'first' | 'settled' | 'spent'
    }
  | { readonly do: 'stop' }

/** How many upgrades were answered with each status; 0 is none at all. */
export type Stormed = Readonly<Record<number, number>>

const atOnce = 8
const patienceMs = 5_000
/** Until the late closes of a burst are over, and what it left is swept up. */
const settleMs = 30_000
let answers: Record<number, number> = {}
let over = new AbortController()
let loops: Promise<unknown> = Promise.resolve()

process.on('message', (order: Order) => {
  void (order.do === 'start' ? start(order) : stop()).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

/** From the first upgrade on, when it has gone on for a while, or when in addition the burst that anybody is given is used up. */
async function start({ door, perSecond, from }: Extract<Order, { do: 'start' }>): Promise<void> {
  const request = upgradeRequest(door)
  const port = Number(new URL(door.url).port)
  const spend = async (): Promise<void> => {
    while ((await upgrade(port, request)) !== 429);
  }
  if (from === 'spent') await Promise.all(Array.from({ length: atOnce }, spend))
  over = new AbortController()
  const { signal } = over
  const eachMs = (1000 * atOnce) / perSecond
  const loop = async (which: number): Promise<void> => {
    let due = performance.now() + (which * eachMs) / atOnce
    while (!signal.aborted) {
      await wait(Math.max(0, due - performance.now()))
      const status = await upgrade(port, request)
      answers[status] = (answers[status] ?? 0) + 1
      due = Math.max(due + eachMs, performance.now())
    }
  }
  loops = Promise.all(Array.from({ length: atOnce }, (_, which) => loop(which)))
  if (from !== 'first') await wait(settleMs)
  answers = {}
}

async function stop(): Promise<Stormed> {
  over.abort()
  await loops
  return answers
}

/** Gone as soon as it is answered. */
function upgrade(port: number, request: string): Promise<number> {
  return new Promise((resolve) => {
    let status = 0
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request))
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on('data', (data) => {
      status ||= Number(data.toString('latin1', 9, 12))
      socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(status))
  })
}

function upgradeRequest({ url, protocols }: Door): string {
  const { host, pathname, search } = new URL(url)
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${protocols.join(', ')}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
