// A house in memory: real desks over node:sqlite, a list of tenants, nothing else.
import { SqlDesk } from '../../src/desk.ts'
import type { DeskReading } from '../../src/tenant-desk.ts'
import { app, type Attempt, type House } from '../../src/http/app.ts'
import { webSha256 } from '../../src/http/key.ts'
import type { PoolHouse } from '../../src/http/pools.ts'
import type { Uploads } from '../../src/http/sounds.ts'
import type { Webhooks } from '../../src/http/webhooks.ts'
import type { Tenants } from '../../src/http/tenants.ts'
import { urlProblem } from '../../src/http/webhook-post.ts'
import type { KeyReading } from '../../src/desk-steps.ts'
import type { Series } from '../../src/metrics.ts'
import { keyValid, type Key, type Tenant } from '../../src/plan.ts'
import type { Offer } from '../../src/ports.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { Outcome } from '../../src/courier.ts'
import { SqlMail } from '../../src/sql-mail.ts'
import { SqlPool } from '../../src/sql-pool.ts'
import { StoreFault } from '../../broker/redis/fault.ts'
import { refusalOf } from '../../broker/redis/refusal.ts'
import { modelsOf, upstreamsOf } from '../../src/upstream.ts'
import { openSqlite } from '../stores/sqlite.ts'
import { ample } from '../support/grants.ts'

export const operatorKey = 'tla_the_operators_own'

export interface Answer {
  status: number
  headers: Headers
  bytes: Uint8Array
  text: string
  body: Record<string, unknown>
}

const upstream = {
  id: 'openai',
  url: 'wss://voice.example/v1/realtime?model={model}',
  auth: 'bearer',
  secret: null,
  dialect: 'openai-ga',
  models: ['gpt-realtime', 'gpt-realtime-2.1'],
  pool: 'openai',
  ceiling: { tokensPerMinute: null, sessions: null },
}

/** What goes as it is; anything else goes as JSON. */
function raw(body: unknown): body is string | Uint8Array<ArrayBuffer> | ReadableStream {
  return typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
}

function noTenant(id: string): Refusal {
  return { why: 'thing_unknown', details: { kind: 'tenant', id } }
}

/** The app in front of a house that is empty at first. */
export class MemoryHouse implements House {
  readonly version = '1.2.3'
  readonly host = 'memory'
  readonly upstreams = upstreamsOf(JSON.stringify([upstream]), undefined)
  readonly models = modelsOf(this.upstreams)
  readonly sha256 = webSha256
  readonly faults: unknown[] = []
  operatorKey: string | undefined = operatorKey
  problems: string[] = []
  series: Series[] = []
  readonly tenants: Tenants
  readonly pools: PoolHouse
  readonly pool: SqlPool
  readonly uploads: Uploads
  readonly webhooks: Webhooks
  /** What every test of a webhook comes to. */
  outcome: Outcome = { status: 200, error: null }
  readonly desks = new Map<string, SqlDesk>()
  /** Everything that was put away, as text: no key may be in it. */
  readonly kept: string[] = []
  readonly #app = app()

  constructor() {
    const { sql, transact } = openSqlite()
    SqlPool.prepare(sql)
    const pool = new SqlPool('openai', { tokensPerMinute: 100_000, sessions: null }, sql, transact)
    this.pool = pool
    this.pools = {
      ids: ['openai'],
      read: async () => pool.read(Date.now()),
      preview: async (_id, change) => pool.preview(change, Date.now()),
      change: async (_id, change) => {
        const words = pool.change(change, Date.now())
        return 'why' in words ? words : pool.read(Date.now())
      },
    }
    this.tenants = {
      list: async (limit, after = '') => {
        const ids = [...this.desks.keys()].toSorted().filter((id) => id > after)
        const data = ids.slice(0, limit).flatMap((id) => this.#tenant(id) ?? [])
        return { data: data.map(({ id, name, plan }) => ({ id, name, plan })), more: ids.length > limit }
      },
      create: async (tenant) => {
        const { sql, transact } = openSqlite()
        SqlDesk.prepare(sql)
        const desk = new SqlDesk(sql, transact)
        desk.edits.create(tenant, Date.now())
        desk.regrant('openai', ample, 'answer', Date.now())
        this.desks.set(tenant.id, desk)
      },
      read: async (id) => this.#read(id),
      usage: async (id, ask) => this.desks.get(id)?.usage.reading(ask, Date.now()),
      change: async (id, change) => {
        const changed = this.desks.get(id)?.edits.change(change, Date.now())
        return changed !== undefined && 'why' in changed ? changed : this.#read(id)
      },
      preview: async (id, change) => this.desks.get(id)?.edits.preview(change, Date.now()),
      keys: async (id) => this.desks.get(id)?.registry.keys(),
      addKey: async (id, key, hash) => this.#addKey(id, key, hash),
      changeKey: async (id, key, change) => this.desks.get(id)?.edits.changeKey(key, change, Date.now()),
      previewKey: async (id, key, change) => this.desks.get(id)?.edits.previewKey(key, change, Date.now()),
      revokeKey: async (id, key, graceMs) => this.#revoke(id, key, graceMs),
      rotateKey: async (id, key, fresh, hash, graceMs) =>
        this.desks.get(id)?.edits.rotateKey(key, fresh, hash, graceMs, Date.now()) ?? noTenant(id),
      calls: async (id, limit, before) => this.desks.get(id)?.records.list(limit, before),
      audit: async (id, limit, before) => this.desks.get(id)?.audit.list(limit, before),
      resume: async (id) => this.desks.get(id)?.resume(Date.now()),
      queue: async (id) => this.desks.get(id)?.queue.reading(Date.now()),
      removeCaller: async (id, call) =>
        this.desks.get(id)?.queue.remove(call, Date.now()) ?? {
          why: 'thing_unknown',
          details: { kind: 'tenant', id },
        },
    }
    this.uploads = {
      list: async (id) => this.desks.get(id)?.sounds.list(),
      add: async (id, upload, sound) => {
        const desk = this.desks.get(id)
        return desk === undefined ? noTenant(id) : desk.uploads.add(upload, sound)
      },
      bytes: async (id, sound, format) => this.desks.get(id)?.sounds.bytes(sound, format),
      discard: async (id, sound) => this.desks.get(id)?.uploads.discard(sound),
    }
    this.webhooks = {
      urlProblem: (url) => urlProblem(url, { private: false }),
      list: async (id) => this.#mail(id).hooks(),
      add: async (id, hook) => this.#mail(id).addHook(hook),
      change: async (id, hook, change) => this.#mail(id).changeHook(hook, change),
      rotate: async (id, hook, secret, graceMs) => this.#mail(id).rotateHook(hook, secret, graceMs),
      remove: async (id, hook) => this.#mail(id).removeHook(hook),
      test: async (id, hook) => {
        const url = this.desks.get(id)?.hooks.get(hook)?.hook.url
        if (url === undefined) return undefined
        this.#mail(id).note({ hook, url }, this.outcome)
        return this.outcome
      },
    }
  }

  async me({ tenant, hash }: { tenant: string; hash: string }): Promise<KeyReading | Refusal> {
    const [reading, key] = [this.#read(tenant), this.desks.get(tenant)?.registry.keyByHash(hash)]
    if (reading === undefined || key === undefined) return { why: 'key_unknown' }
    return keyValid(key, Date.now()) ? { reading, key } : { why: 'key_revoked' }
  }

  async barred(offer: Offer): Promise<Refusal | undefined> {
    const desk = this.desks.get(offer.tenant)
    return desk === undefined ? { why: 'key_unknown' } : desk.barred(offer, Date.now())
  }

  async reports(): Promise<Series[]> {
    return this.series
  }

  async unready(): Promise<string[]> {
    return this.problems
  }

  fault(error: unknown, _instance: string, attempt: Attempt): Refusal | undefined {
    this.faults.push(error)
    return error instanceof StoreFault ? refusalOf(error, attempt) : undefined
  }

  async ask(
    method: string,
    path: string,
    options: { key?: string | null; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { key = operatorKey, body, headers = {} } = options
    const init = {
      method,
      headers: { ...(key !== null && { authorization: `Bearer ${key}` }), ...headers },
      ...(body !== undefined && { body: raw(body) ? body : JSON.stringify(body), duplex: 'half' }),
    }
    const response = await this.#app.request(`http://broker.example${path}`, init, { house: this })
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    const json = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
    }
  }

  /** A tenant of the starter plan, made through the app. */
  async tenant(own: object = {}): Promise<string> {
    const { body } = await this.ask('POST', '/admin/v1/tenants', { body: { name: 'Acme', plan: 'starter', ...own } })
    return body['id'] as string
  }

  async key(tenant: string, own: object = {}): Promise<{ id: string; key: string }> {
    const { body } = await this.ask('POST', `/admin/v1/tenants/${tenant}/keys`, { body: { name: 'first', ...own } })
    return body as { id: string; key: string }
  }

  #mail(id: string): SqlMail {
    return new SqlMail({ desk: () => this.desks.get(id), unowned: () => noTenant(id), now: () => Date.now() })
  }

  #tenant(id: string): Tenant | undefined {
    return this.desks.get(id)?.registry.tenant()
  }

  #read(id: string): DeskReading | undefined {
    return this.desks.get(id)?.read(Date.now())
  }

  #addKey(id: string, key: Key, hash: string): Refusal | undefined {
    const desk = this.desks.get(id)
    if (desk === undefined) return noTenant(id)
    this.kept.push(JSON.stringify([key, hash]))
    return desk.edits.addKey(key, hash, Date.now())
  }

  #revoke(id: string, key: string, graceMs: number): Key | Refusal {
    const ended = this.desks.get(id)?.edits.endKey(key, graceMs, Date.now())
    return ended ?? { why: 'thing_unknown', details: { kind: 'key', id: key } }
  }
}
