// What is compared: each row, and how one is started afresh. Refuses to know how it is measured.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startBroker } from '../cli/broker.ts'
import { bundle, cache, root, withoutPage } from './bundle.ts'
import type { Child } from './child.ts'
import type { Started } from './keeper.ts'
import { hostRowNames, hostRows } from './host-rows.ts'
import type { Door } from './load.ts'
import { descendants } from './proc.ts'
import { adminKey, brokerDoor, path, type Running } from './tenant.ts'

export const rowNames = [
  'direct',
  'control',
  'control-hibernatable',
  'broker',
  'dev',
  'dev-assets',
  ...hostRowNames,
] as const
export type RowName = (typeof rowNames)[number]

/** Run unless others are asked for. `dev` and `dev-assets` are the broker under wrangler's development server, without and with [assets]. */
export const usualRows: Readonly<Record<'worker' | 'node', readonly RowName[]>> = {
  worker: ['direct', 'control', 'control-hibernatable', 'broker'],
  node: ['direct', 'ws-relay', 'haproxy', 'node', 'redis'],
}

export type Rows = Readonly<Record<RowName, () => Promise<Running>>>

/** `home`: where Durable Objects keep their files. `profiles`: a folder for a CPU profile of each Node process. */
export async function prepareRows(
  asked: readonly RowName[],
  keeper: Child,
  upstreamPort: number,
  home: string = cache,
  profiles?: string,
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
    ...hostRows(upstreamPort, profiles),
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
