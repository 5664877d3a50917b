// The ports of the Node host, plain and TLS: requests go to the HTTP app, upgrades to the door. Knows no rule.
import { once } from 'node:events'
import { createServer, IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { app, type House } from '../src/http/app.ts'
import { headBytes, headMs, idleMs, keepAliveMs, requestMs } from '../src/limits.ts'
import type { Config } from './config.ts'
import type { Door } from './door.ts'
import { Misuse } from './given.ts'
import { pages } from './pages.ts'

export interface Ports {
  port: number
  tlsPort: number | undefined
  /** Takes nothing in any more, and cuts what is still open. */
  close(): Promise<void>
}

/**
 * An upgrade to anything but a WebSocket is not ours to do: its request is answered as if nothing else had been offered (RFC 9110, 7.8), as
 * `h2c` is by curl and by Java's HttpClient. Node asks this property before it hands over; `shouldUpgradeCallback` came with 22.21 and 24.9.
 */
class Incoming extends IncomingMessage {
  #upgrade = false

  get upgrade(): boolean {
    return this.#upgrade && this.headers.upgrade?.toLowerCase() === 'websocket'
  }

  /** Also called by the constructor above, before there is anything to write to. */
  set upgrade(offered: boolean | null) {
    if (#upgrade in this) this.#upgrade = offered === true
  }
}

/** Headers in time, and no longer than they may be; a connection that is gone in silence is found. */
const edge: ServerOptions = {
  IncomingMessage: Incoming,
  maxHeaderSize: headBytes,
  headersTimeout: headMs,
  requestTimeout: requestMs,
  keepAliveTimeout: idleMs,
  connectionsCheckingInterval: headMs / 2,
  keepAlive: true,
  keepAliveInitialDelay: keepAliveMs,
  noDelay: true,
}

/** Throws Misuse where a port or a certificate cannot be had. */
export async function listen(config: Config, house: House, door: Door, connectionsMost: number): Promise<Ports> {
  const routes = app(pages(config.web))
  const answer = getRequestListener((request) => routes.fetch(request, { house }), { overrideGlobalObjects: false })
  const listener: RequestListener = (request, response) => {
    response.once('close', () => letGo(request))
    void answer(request, response)
  }
  const plain = createServer(edge, listener)
  const secure = config.tls === undefined ? undefined : tlsServer(config.tls, listener)
  const servers = [plain, ...(secure === undefined ? [] : [secure])]
  const upgraded = new Set<Duplex>()
  let connections = 0
  for (const server of servers) {
    server.on('connection', (socket) => {
      connections++
      socket.once('close', () => connections--)
      if (connections > connectionsMost) socket.destroy()
    })
    server.on('upgrade', (request, socket: Duplex, head) => {
      upgraded.add(socket)
      socket.once('close', () => upgraded.delete(socket))
      void door.meet({ request, socket, head })
    })
  }
  const close = async (): Promise<void> => {
    const closed = servers.filter((server) => server.listening).map((server) => once(server, 'close'))
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    for (const socket of upgraded) socket.destroy()
    await Promise.all(closed)
  }
  try {
    const port = await bind(plain, config.host, config.port, 'port')
    const tlsPort = secure && (await bind(secure, config.host, config.tlsPort, 'tls-port'))
    return { port, tlsPort, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * What is left of a body that was refused is read and dropped, or the next request of the connection waits behind it. @hono/node-server 2.1.8
 * tries to, for half a second, but the stream that it made of the body stops it again.
 */
function letGo(request: IncomingMessage): void {
  if (request.readableEnded) return
  request.removeAllListeners('data')
  request.resume()
}

function tlsServer(tls: NonNullable<Config['tls']>, listener: RequestListener): Server {
  try {
    return createTlsServer({ ...edge, ...tls, ALPNProtocols: ['http/1.1'] }, listener)
  } catch (error) {
    throw new Misuse([`--tls-cert, --tls-key: not a certificate and its key in PEM (${(error as Error).message}).`])
  }
}

async function bind(server: Server, host: string, port: number, flag: string): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const choose = `choose another with --${flag}; 0 picks a free one`
    if (code === 'EADDRINUSE') throw new Misuse([`--${flag}: port ${port} on ${host} is in use: ${choose}.`])
    if (code === 'EACCES')
      throw new Misuse([`--${flag}: port ${port} needs more rights than this user has: ${choose}.`])
    throw new Misuse([`--host: cannot listen on ${host}:${port} (${code}): give an address of this machine.`])
  }
  return (server.address() as AddressInfo).port
}
