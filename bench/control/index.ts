// The control rows: the smallest relays that one would write with a Durable Object. They refuse to know keys, tenants, limits and usage.
import { DurableObject } from 'cloudflare:workers'

interface Env {
  PLAIN: DurableObjectNamespace<Plain>
  HIBERNATABLE: DurableObjectNamespace<Hibernatable>
  PARKED: DurableObjectNamespace<Parked>
  UPSTREAM_URL: string
}

/** Both sockets by `accept()`, a listener each. */
export class Plain extends DurableObject<Env> {
  override async fetch(): Promise<Response> {
    const upstream = await dial(this.env)
    const { 0: client, 1: caller } = new WebSocketPair()
    caller.accept()
    upstream.accept()
    caller.addEventListener('message', ({ data }) => upstream.send(data as string))
    upstream.addEventListener('message', ({ data }) => caller.send(data as string))
    caller.addEventListener('close', () => upstream.close(1000, ''))
    return new Response(null, { status: 101, webSocket: client })
  }
}

/** The caller's socket by `acceptWebSocket()`, its frames by `webSocketMessage()`. */
export class Hibernatable extends DurableObject<Env> {
  #upstream: WebSocket | undefined

  override async fetch(): Promise<Response> {
    const upstream = await dial(this.env)
    const { 0: client, 1: caller } = new WebSocketPair()
    this.ctx.acceptWebSocket(caller)
    upstream.accept()
    upstream.addEventListener('message', ({ data }) => caller.send(data as string))
    this.#upstream = upstream
    return new Response(null, { status: 101, webSocket: client })
  }

  override webSocketMessage(_caller: WebSocket, data: string): void {
    this.#upstream?.send(data)
  }

  override webSocketClose(): void {
    this.#upstream?.close(1000, '')
  }
}

/** A socket by `acceptWebSocket()`, and nothing else; at `/noted` also a row and an alarm, without which nobody hears of a reset. */
export class Parked extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    if (request.url.endsWith('/noted')) {
      this.ctx.storage.kv.put('kept', request.url)
      await this.ctx.storage.setAlarm(Date.now() + 600_000)
    }
    const { 0: client, 1: caller } = new WebSocketPair()
    this.ctx.acceptWebSocket(caller)
    caller.send('{"type":"parked"}')
    return new Response(null, { status: 101, webSocket: client })
  }

  override webSocketMessage(): void {
    // A word wakes it, and that is all.
  }

  override alarm(): void {
    // It never comes while somebody measures.
  }
}

async function dial(env: Env): Promise<WebSocket> {
  const { webSocket } = await fetch(env.UPSTREAM_URL, { headers: { upgrade: 'websocket' } })
  if (webSocket === null) throw new Error('the upstream took no call')
  return webSocket
}

export default {
  fetch(request, env): Promise<Response> {
    const homes = {
      '/plain': env.PLAIN,
      '/hibernatable': env.HIBERNATABLE,
      '/parked': env.PARKED,
      '/noted': env.PARKED,
    }
    const home = homes[new URL(request.url).pathname as keyof typeof homes]
    return home.get(home.newUniqueId()).fetch(request)
  },
} satisfies ExportedHandler<Env>
