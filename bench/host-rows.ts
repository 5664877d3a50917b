// The rows of the Node host and what stands beside it, each started afresh. Refuses to know how they are measured.
import { execFile } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { root } from './bundle.ts'
import { startChild, type Child, type ChildOptions } from './child.ts'
import type { Inside } from './inside.ts'
import { keysIn, rowsIn } from './kept.ts'
import { freshFolder, installed, startHaproxy, startRedis, type Program } from './programs.ts'
import { adminKey, brokerDoor, path, type Running } from './tenant.ts'

export const hostRowNames = ['ws-relay', 'haproxy', 'node', 'redis', 'redis-always'] as const
export type HostRowName = (typeof hostRowNames)[number]

const readyMs = 10_000
/** Node's flags for a broker: those of deploy/Dockerfile, unless it is tried with others. The relay beside it has none, as one would start it. */
const brokerFlags = (process.env['BENCH_BROKER_FLAGS'] ?? '--max-semi-space-size=8').split(' ').filter(Boolean)

/** Started so that it can be looked into, which costs it nothing while nobody asks. */
const insideArgs = ['--expose-gc', '--import', new URL('inside.ts', import.meta.url).href]

/** `profiles`: a folder for a CPU profile of each Node process. */
export function hostRows(upstreamPort: number, profiles?: string): Record<HostRowName, () => Promise<Running>> {
  const execArgv = profiles === undefined ? insideArgs : [...insideArgs, '--cpu-prof', `--cpu-prof-dir=${profiles}`]
  const upstream = `ws://127.0.0.1:${upstreamPort}`
  return {
    'ws-relay': async () => {
      const child = startChild('./ws-relay.ts', { args: [`${upstream}${path}`], execArgv })
      return running(child, async (url) => ({ url: `${url}${path}`, protocols: ['realtime'] }))
    },
    haproxy: async () => {
      const haproxy = await startHaproxy(upstreamPort)
      const door = { url: `ws://127.0.0.1:${haproxy.port}${path}`, protocols: ['realtime'] }
      return { door, pids: [haproxy.pid], stop: () => haproxy.stop() }
    },
    node: () => startBroker(upstream, [...execArgv, ...brokerFlags], undefined),
    redis: async () => startBroker(upstream, [...execArgv, ...brokerFlags], await startRedis('nothing')),
    'redis-always': async () => startBroker(upstream, [...execArgv, ...brokerFlags], await startRedis('always')),
  }
}

/** Why a row cannot be measured here, by row. */
export async function absent(asked: readonly string[]): Promise<Map<string, string>> {
  const missing = new Map<string, string>()
  const say = (which: RegExp, why: string): void => {
    for (const row of asked) if (which.test(row) && !missing.has(row)) missing.set(row, why)
  }
  if (!installed('haproxy')) say(/^haproxy$/, 'haproxy is not installed (apt install haproxy)')
  if (!installed('redis-server')) say(/^redis/, 'redis-server is not installed (apt install redis-server)')
  if (asked.some((row) => row.startsWith('redis')) && (await redisFlag()) === undefined)
    say(/^redis/, 'this broker has no setting for a redis:// URL yet (node broker/main.ts --help)')
  return missing
}

/** The broker's flag that takes a redis:// URL, by its own words. */
async function redisFlag(): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'broker', 'main.ts'), '--help'])
  return /^ {2}(--[\w-]+) .*redis:\/\//m.exec(stdout)?.[1]
}

async function startBroker(
  upstream: string,
  execArgv: readonly string[],
  redis: Program | undefined,
): Promise<Running> {
  const home = await freshFolder()
  const web = await page(home)
  const flag = redis === undefined ? '--store' : await redisFlag()
  if (flag === undefined) throw new Error('this broker has no setting for Redis')
  const place = redis === undefined ? join(home, 'store') : `redis://127.0.0.1:${redis.port}`
  const options: ChildOptions = {
    // Trusted, so that callers can come from many addresses: one address may open so many calls a second (H6).
    args: ['--port', '0', flag, place, '--web', web, '--upstream-url', upstream, '--trusted-proxies', '127.0.0.1'],
    env: { TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: 'sk-bench' },
    execArgv,
    quiet: process.env['BENCH_LOG'] === undefined,
  }
  const broker = await running(startChild('../broker/main.ts', options), readyDoor)
  return {
    ...broker,
    pids: redis === undefined ? broker.pids : [...broker.pids, redis.pid],
    kept: async () => (redis === undefined ? rowsIn(place) : keysIn(redis.port)),
    stop: async () => {
      await broker.stop()
      await redis?.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function running(
  child: Child,
  doorOf: (url: string) => Promise<Running['door']>,
): Promise<Running & { look: () => Promise<Inside> }> {
  const { port } = (await child.said) as { port: number }
  return {
    door: await doorOf(`ws://127.0.0.1:${port}`),
    pids: [child.pid],
    look: () => child.ask<Inside>({ do: 'look' }),
    stop: () => child.end(),
  }
}

/** A broker listens before its store is there. */
async function readyDoor(url: string): Promise<Running['door']> {
  const until = performance.now() + readyMs
  while (!(await fetch(`${url.replace('ws', 'http')}/readyz`)).ok) {
    if (performance.now() > until) throw new Error('the broker is not ready')
    await wait(20)
  }
  return brokerDoor(url)
}

/** The lines that callers hear, and a page that nobody looks at. */
async function page(home: string): Promise<string> {
  const web = join(home, 'web')
  await mkdir(web)
  await writeFile(join(web, 'index.html'), '')
  for (const name of ['hold', '_headers']) await symlink(join(root, 'web', 'public', name), join(web, name))
  return web
}
