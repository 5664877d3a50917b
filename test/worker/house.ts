// A tenant, its callers and their provider inside workerd, where a test can look into an object and end it. Knows no test.
import { env, exports } from 'cloudflare:workers'
import { vi } from 'vitest'
import { makeKey, webSha256 } from '../../src/http/key.ts'
import type { DeskReading } from '../../src/tenant-desk.ts'
import { KeySettings, TenantSettings } from '../../src/plan-settings.ts'
import type { CallObject } from '../../worker/call-object.ts'
import type { DeskObject } from '../../worker/desk-object.ts'
import { Gathering, type Closed, type WireEvent } from '../support/gathering.ts'

const created_at = '2026-11-24T00:00:00.000Z'
let tenants = 0

/** One tenant with one key, at its desk alone. */
export class House {
  readonly id: string
  readonly callers: Caller[] = []
  #key = ''

  private constructor(id: string) {
    this.id = id
  }

  /** The headers of a call. */
  get upgrade(): Record<string, string> {
    return { upgrade: 'websocket', authorization: `Bearer ${this.#key}` }
  }

  /** Each time a new one: a stub that saw its object end is dead. */
  get desk(): DurableObjectStub<DeskObject> {
    return env.DESK.getByName(this.id)
  }

  static async open(settings: object): Promise<House> {
    const house = new House(`ten_${(tenants++).toString(16).padStart(32, '0')}`)
    const { key, hash, hint } = await makeKey(house.id, webSha256)
    house.#key = key
    await house.desk.create({
      ...TenantSettings.parse({ name: 'acme', plan: 'starter', ...settings }),
      id: house.id,
      created_at,
    })
    const made = { id: 'key_1', hint, created_at, expires_at: null, revoked_at: null }
    await house.desk.addKey({ ...KeySettings.parse({ name: 'first' }), ...made }, hash)
    return house
  }

  async dial(): Promise<Caller> {
    const url = 'http://broker/v1/realtime?model=gpt-realtime-2.1'
    const { webSocket } = await exports.default.fetch(url, { headers: this.upgrade })
    if (webSocket === null) throw new Error('no socket')
    const [newest] = (await this.desk.calls(1, undefined)) ?? []
    const caller = new Caller(webSocket, newest?.id ?? '')
    this.callers.push(caller)
    return caller
  }

  async lines(): Promise<{ live: number; waiting: number } | undefined> {
    const reading = (await this.desk.read()) as DeskReading | undefined
    return reading?.lines
  }

  async outcomes(): Promise<(string | undefined)[]> {
    return ((await this.desk.calls(100, undefined)) ?? []).map(({ record }) => record?.outcome.why)
  }
}

export class Caller extends Gathering {
  readonly id: string
  closed: Closed | undefined
  readonly #ws: WebSocket

  constructor(ws: WebSocket, id: string) {
    super()
    this.#ws = ws
    this.id = id
    ws.addEventListener('message', ({ data }) => this.take(JSON.parse(data as string) as WireEvent))
    ws.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason }
      ws.close(code === 1006 ? 1011 : code)
      this.stir()
    })
    ws.accept()
  }

  get call(): DurableObjectStub<CallObject> {
    return env.CALL.getByName(this.id)
  }

  send(event: object): void {
    this.#ws.send(JSON.stringify(event))
  }

  hangUp(): void {
    this.#ws.close(1000, 'bye')
  }
}

/** The provider: takes every call, says `session.created`, and notes what it is told, by call. It lives in the calls’ own objects. */
export function provide(): WireEvent[][] {
  const sessions: WireEvent[][] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    const { 0: client, 1: server } = new WebSocketPair()
    const session: WireEvent[] = []
    sessions.push(session)
    server.accept()
    server.addEventListener('message', ({ data }) => void session.push(JSON.parse(data as string) as WireEvent))
    server.send('{"type":"session.created","event_id":"event_1","session":{"type":"realtime"}}')
    return new Response(null, { status: 101, webSocket: client })
  })
  return sessions
}
