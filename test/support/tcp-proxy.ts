// A TCP proxy that does what networks do: it swallows answers, delays them, cuts, and goes silent. Knows no protocol.
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** What the target says is read and thrown away, while what clients say still arrives. */
  dropReplies(on: boolean): void
  /** Both ways nothing passes and nothing is closed: a cable that was pulled. New connections are accepted and stay silent. */
  halfOpen(on: boolean): void
  /** Each piece from the target waits this long. */
  delayReplies(ms: number): void
  /** Puts other bytes, as many, into what the target says. */
  alter(from: string, to: string): void
  /** Resets every connection of now. */
  cut(): void
  /** New connections are reset, those of now too. */
  refuse(on: boolean): void
  /** Connections that are open. */
  readonly open: number
  end(): Promise<void>
}

export async function startTcpProxy(target: { host?: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let dropping = false
  let silent = false
  let refusing = false
  let delayMs = 0
  let altered: readonly [string, string] = ['', '']

  const server = createServer((client) => {
    if (refusing) {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(target.port, target.host ?? '127.0.0.1')
    const pair = [client, upstream] as const
    pairs.add(pair)
    let freeAt = 0
    const late: Buffer[] = []
    const letGo = (): void => {
      const piece = late.shift()
      if (piece !== undefined && client.writable) client.write(piece)
    }
    client.on('data', (piece) => {
      if (!silent) upstream.write(piece)
    })
    upstream.on('data', (said) => {
      if (dropping || silent) return
      const piece = altered[0] === '' ? said : Buffer.from(said.toString('latin1').replace(...altered), 'latin1')
      // In order, also when the delay has just become less.
      freeAt = Math.max(freeAt, Date.now() + delayMs)
      const waitMs = freeAt - Date.now()
      // Timers that are due in the same millisecond come in any order: whichever comes lets the oldest go.
      late.push(piece)
      if (waitMs <= 0 && late.length === 1) letGo()
      else setTimeout(letGo, waitMs)
    })
    const close = () => {
      if (silent) return
      pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of pair) socket.on('error', close).on('close', close)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  const cut = () => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    dropReplies: (on) => void (dropping = on),
    halfOpen: (on) => void (silent = on),
    delayReplies: (ms) => void (delayMs = ms),
    alter: (from, to) => void (altered = [from, to]),
    cut,
    refuse: (on) => {
      refusing = on
      if (on) cut()
    },
    get open() {
      return pairs.size
    },
    end: async () => {
      silent = false
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
