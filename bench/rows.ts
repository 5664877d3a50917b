// What is compared: each row, and how one is started afresh. Refuses to know how it is measured.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startBroker } from '../cli/broker.ts'
import { bundle, cache, root, withoutPage } from './bundle.ts'
import type { Child } from './child.ts'
import type { Started } from './keeper.ts'
import type { Door } from './load.ts'
import { descendants } from './proc.ts'

export const rowNames = ['direct', 'control', 'control-hibernatable', 'broker', 'dev', 'dev-assets'] as const
export type RowName = (typeof rowNames)[number]

/** Run unless others are asked for. `dev` and `dev-assets` are the broker under wrangler's development server, without and with [assets]. */
export const usualRows: readonly RowName[] = ['direct', 'control', 'control-hibernatable', 'broker']

export interface Running {
  readonly door: Door
  /** Processes whose cost is the row's. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export type Rows = Readonly<Record<RowName, () => Promise<Running>>>

export const adminKey = 'tla_bench_operator'
const model = 'gpt-realtime-2.1'
export const path = `/v1/realtime?model=${model}`

/** `home`: where Durable Objects keep their files. */
export async function prepareRows(
  asked: readonly RowName[],
  keeper: Child,
  upstreamPort: number,
  home: string = cache,
): Promise<Rows> {
  const upstream = `http://127.0.0.1:${upstreamPort}/v1/realtime`
  const brokerVars = { TRUNKLINE_UPSTREAM_URL: upstream, TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: 'sk-bench' }
  const config = join(root, 'wrangler.toml')
  const controlConfig = join(root, 'bench', 'control', 'wrangler.toml')
  const control = lazily(asked, /^control/, () => bundle(controlConfig, 'control', { UPSTREAM_URL: upstream }))
  const broker = lazily(asked, /^broker$/, () => bundle(config, 'broker', brokerVars))
  const pageless = lazily(asked, /^dev$/, () => withoutPage(config, 'dev'))
  const [controlFile, brokerFile, devFile] = await Promise.all([control, broker, pageless])
  return {
    direct: async () => ({
      door: { url: `ws://127.0.0.1:${upstreamPort}${path}`, protocols: ['realtime'] },
      pids: [],
      stop: async () => undefined,
    }),
    control: () => alone(keeper, home, controlFile, async (url) => ({ url: `${url}/plain`, protocols: [] })),
    'control-hibernatable': () =>
      alone(keeper, home, controlFile, async (url) => ({ url: `${url}/hibernatable`, protocols: [] })),
    broker: () => alone(keeper, home, brokerFile, brokerDoor),
    dev: () => underWrangler(devFile, brokerVars),
    'dev-assets': () => underWrangler(config, brokerVars),
  }
}

async function lazily(asked: readonly RowName[], which: RegExp, make: () => Promise<string>): Promise<string> {
  return asked.some((row) => which.test(row)) ? make() : ''
}

/** workerd and nothing else. */
export async function alone(
  keeper: Child,
  home: string,
  config: string,
  doorOf: (url: string) => Promise<Door>,
  more: readonly string[] = [],
): Promise<Running> {
  const state = await freshState(home)
  const args = ['serve', config, '--control-fd=3', `--directory-path=disk=${state}`, ...more]
  const order = { do: 'start', args }
  const { pid, port } = await keeper.ask<Started>(order)
  return {
    door: await doorOf(`ws://127.0.0.1:${port}`),
    pids: [pid],
    stop: async () => {
      await keeper.ask({ do: 'stop' })
      await rm(state, { recursive: true, force: true })
    },
  }
}

async function underWrangler(config: string, vars: Readonly<Record<string, string>>): Promise<Running> {
  const stateDir = await freshState(cache)
  const before = descendants('workerd')
  const broker = await startBroker({ host: '127.0.0.1', port: 0, stateDir, vars, secrets: {}, config })
  return {
    door: await brokerDoor(broker.url.replace('http', 'ws')),
    pids: descendants('workerd').filter((pid) => !before.includes(pid)),
    stop: async () => {
      await broker.close()
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}

async function freshState(home: string): Promise<string> {
  await mkdir(home, { recursive: true })
  return mkdtemp(join(home, 'trunkline-bench-'))
}

/** A tenant with a key, made as an operator makes one. */
export async function brokerDoor(wsUrl: string, settings: object = { plan: 'scale' }): Promise<Door> {
  const url = wsUrl.replace('ws', 'http')
  const { id } = await admin<{ id: string }>(`${url}/admin/v1/tenants`, { name: 'bench', ...settings })
  const { key } = await admin<{ key: string }>(`${url}/admin/v1/tenants/${id}/keys`, { name: 'bench' })
  return { url: `${wsUrl}${path}`, protocols: ['realtime', `openai-insecure-api-key.${key}`] }
}

export async function admin<T>(url: string, body: object, method = 'POST'): Promise<T> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
