// A broker for whole calls: the Worker in workerd or the Node host, a practice upstream behind it, tenants on request. Knows no test.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerOptions, startBroker as startWorker } from '../../cli/broker.ts'
import { startNodeBroker } from '../../cli/node-broker.ts'
import type { SimOptions } from '../../sim/options.ts'
import { startSim, type Sim } from '../../sim/server.ts'
import { eventually } from './eventually.ts'
import { host, store, type HostName } from './host.ts'
import { startCluster } from './redis-cluster.ts'
import { startRedis } from './redis.ts'
import { Scrape } from './scrape.ts'
import { steadyZone } from './steady-zone.ts'

export const adminKey = 'tla_test_operator_0123456789'
/** Our key at the provider: no caller may ever see it. */
export const upstreamKey = 'sk-upstream-canary-7Zq3'

/** Each object writes files of its own, and waits for them: in memory where there is such a place, so that a busy disk fails no test. */
const stateHome = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export interface TenantBody {
  name?: string
  plan?: 'trial' | 'starter' | 'growth' | 'scale'
  caps?: { lines?: number | null; agents?: Record<string, number> }
  [field: string]: unknown
}

export interface MadeTenant {
  id: string
  key: string
  keyId: string
}

export interface KeptRecord {
  id: string
  ended: number | null
  record: {
    outcome: { by: string; why: string; code: number; reason: string; inReply: boolean }
    tokens: number
    replies: number
    microUsd: number
    waitedMs: number
    liveMs: number
    connectMs: number | null
  } | null
}

export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

interface Life {
  /** Of the Node host's process. */
  pid?: number
  close(): Promise<void>
  restart(): Promise<Broker>
}

export class Broker {
  readonly url: string
  readonly sim: Sim
  /** Every line that the Worker and its runtime wrote. */
  readonly log: readonly string[]
  readonly #life: Life

  constructor(url: string, sim: Sim, log: readonly string[], life: Life) {
    this.url = url
    this.sim = sim
    this.log = log
    this.#life = life
  }

  get wsUrl(): string {
    return this.url.replace('http', 'ws')
  }

  /** Of the Node host's process. */
  get pid(): number {
    return this.#life.pid ?? 0
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** One HTTP request; a string goes as it is, anything else as JSON. */
  async ask(method: string, path: string, key?: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(this.url + path, { method, headers, ...(body !== undefined && { body: text }) })
    const answer = (await response.json()) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body: answer }
  }

  /** The answer of one operator's request. */
  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.ask(method, `/admin/v1${path}`, adminKey, body)
  }

  /** None of its windows ends while a test lasts, unless it has a time zone of its own. */
  async tenant(settings: TenantBody = {}): Promise<MadeTenant> {
    const usual = { name: 'acme', plan: 'starter', timezone: steadyZone() }
    const tenant = await this.admin('POST', '/tenants', { ...usual, ...settings })
    if (tenant.status !== 201) throw new Error(JSON.stringify(tenant.body))
    const id = tenant.body['id'] as string
    const { status, body } = await this.admin('POST', `/tenants/${id}/keys`, { name: 'first' })
    if (status !== 201) throw new Error(JSON.stringify(body))
    return { id, key: body['key'] as string, keyId: body['id'] as string }
  }

  async lines(tenant: MadeTenant): Promise<{ live: number; waiting: number; cap: number; over: number }> {
    const { body } = await this.admin('GET', `/tenants/${tenant.id}`)
    if (body['lines'] === undefined) throw new Error(JSON.stringify(body))
    return body['lines'] as { live: number; waiting: number; cap: number; over: number }
  }

  async live(tenant: MadeTenant): Promise<number> {
    return (await this.lines(tenant)).live
  }

  /** All records of a tenant, newest first. */
  async records(tenant: MadeTenant): Promise<KeptRecord[]> {
    const records: KeptRecord[] = []
    for (let more = true; more;) {
      const before = records.length === 0 ? '' : `&before=${records.at(-1)?.id}`
      const { body } = await this.admin('GET', `/tenants/${tenant.id}/calls?limit=100${before}`)
      records.push(...(body['data'] as KeptRecord[]))
      more = body['has_more'] === true
    }
    return records
  }

  /** The one record of a tenant that made one call, once that call is over. */
  async record(tenant: MadeTenant, withinMs?: number): Promise<NonNullable<KeptRecord['record']>> {
    const records = await eventually(
      () => this.records(tenant),
      (all) => all.length === 1 && all[0]?.ended !== null,
      withinMs,
    )
    const record = records[0]?.record
    if (record === null || record === undefined) throw new Error('a call without a record')
    return record
  }

  /** Balances of the month. */
  async usage(tenant: MadeTenant): Promise<Record<string, number>> {
    const { body } = await this.admin('GET', `/tenants/${tenant.id}`)
    return (body['usage'] as { month: Record<string, number> }).month
  }

  /** What an upload of a sound is answered with. */
  async upload({ id }: MadeTenant, body: Buffer | ReadableStream, type = 'audio/wav'): Promise<Answer> {
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': type },
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
      duplex: 'half', // or a stream is not sent at all
    }
    const response = await fetch(`${this.url}/admin/v1/tenants/${id}/sounds`, init)
    const answer = (await response.json()) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body: answer }
  }

  /** Uploads a sound that is right; its id. */
  async sound(tenant: MadeTenant, file: Buffer): Promise<string> {
    const { status, body } = await this.upload(tenant, file)
    if (status !== 201) throw new Error(JSON.stringify(body))
    return body['id'] as string
  }

  async scrape(): Promise<Scrape> {
    return new Scrape(await (await fetch(`${this.url}/metrics`)).text())
  }

  /** The sum of a metric's series whose labels have all these values. */
  async metric(name: string, labels?: Record<string, string>): Promise<number> {
    return (await this.scrape()).sum(name, labels)
  }

  /** Nothing is left of any call: no line is held, every record is closed, the provider has no session. */
  async quiet(tenant: MadeTenant, withinMs = 1_000): Promise<void> {
    const reading = async () => ({
      live: await this.live(tenant),
      open: (await this.records(tenant)).filter(({ ended }) => ended === null).length,
      upstream: this.sim.totals.live,
    })
    await eventually(reading, ({ live, open, upstream }) => live + open + upstream === 0, withinMs)
  }

  /** Whatever a test did: what the Worker wrote has no secret in it (K4). */
  async close(): Promise<void> {
    await this.#life.close()
    const written = this.log.join('\n')
    const leaked = [adminKey, upstreamKey, 'tlk_live_', 'whsec_'].find((secret) => written.includes(secret))
    if (leaked !== undefined) throw new Error(`The Worker wrote a secret: ${leaked.slice(0, 9)}…`)
  }

  /** Ends the Worker's process in the midst of everything, and starts another over what it has stored. */
  restart(): Promise<Broker> {
    return this.#life.restart()
  }
}

/** What the Worker is given, in vars and secrets; `url` is its upstream's. */
export function settingsOf(url: string): { vars: Record<string, string>; secrets: Record<string, string> } {
  return {
    vars: { TRUNKLINE_UPSTREAM_URL: url },
    secrets: { TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: upstreamKey },
  }
}

/**
 * The broker as `npm start` runs it: in a process of its own, with nothing of ours between it and the practice upstream, unless `via`
 * names something else. `on`: the host of this run, unless a test is about one of them. `vars`: what else it is told.
 */
export async function startBroker(
  options: SimOptions = {},
  via?: (sim: Sim) => string,
  on: HostName = host,
  vars: Readonly<Record<string, string>> = {},
): Promise<Broker> {
  const kept = on === 'node' && store !== 'folder' ? await redis(store) : await folder()
  const sim = await startSim({ port: 0, pace: 'burst', ...options })
  return run(sim, { ...vars, TRUNKLINE_UPSTREAM_URL: via?.(sim) ?? sim.url }, kept, on)
}

/** What a broker keeps outlives it until `end`. */
interface Kept {
  place: string
  end(): Promise<void>
}

async function folder(): Promise<Kept> {
  const place = await mkdtemp(join(stateHome, 'trunkline-e2e-'))
  return { place, end: () => rm(place, { recursive: true, force: true }) }
}

async function redis(what: 'redis' | 'cluster'): Promise<Kept> {
  const servers = await (what === 'redis' ? startRedis() : startCluster({ masters: 3 }))
  return { place: servers.url, end: () => servers.end() }
}

async function run(sim: Sim, vars: Record<string, string>, kept: Kept, on: HostName): Promise<Broker> {
  const log: string[] = []
  const process = await start(on, {
    host: '127.0.0.1',
    port: 0,
    stateDir: kept.place,
    log: (line) => log.push(line),
    vars,
    secrets: { TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: upstreamKey },
  })
  return new Broker(process.url, sim, log, {
    ...(process.pid !== undefined && { pid: process.pid }),
    close: async () => {
      await process.close()
      await sim.close()
      await kept.end()
    },
    restart: async () => {
      await process.kill()
      return run(sim, vars, kept, on)
    },
  })
}

interface Process {
  readonly pid?: number
  readonly url: string
  close(): Promise<void>
  kill(): Promise<void>
}

/** The clients of this machine may say where they are, as behind a proxy: wrangler believes them by itself. */
async function start(on: HostName, options: BrokerOptions): Promise<Process> {
  if (on === 'node')
    return startNodeBroker({ ...options, vars: { ...options.vars, TRUNKLINE_TRUSTED_PROXIES: '127.0.0.1' } })
  const worker = await startWorker(options)
  return { url: worker.url, close: () => worker.close(), kill: () => worker.close() } // its workerds are killed
}
