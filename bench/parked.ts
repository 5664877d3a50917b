// `node bench/parked.ts`: callers that wait in silence, beside as many sockets that only hibernate, in the same run: memory awake and
// asleep, and how long it takes to put all of them through. Refuses to judge the figures.
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { WebSocket } from 'ws'
import { pickPort } from '../cli/ports.ts'
import { bundle, cache, root } from './bundle.ts'
import { startChild, type Child } from './child.ts'
import { quantile, spread } from './figures.ts'
import { heldKib } from './heap.ts'
import type { Door } from './load.ts'
import { thisMachine } from './machine.ts'
import { whole } from './options.ts'
import { residentKib } from './proc.ts'
import { alone } from './rows.ts'
import { admin, adminKey, path, type Running } from './tenant.ts'

Object.assign(process.env, { CI: '1', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' })
process.env['XDG_CONFIG_HOME'] ??= new URL('../.cache/xdg', import.meta.url).pathname
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

/** KiB a caller, above the same runtime without callers: resident, and of it the JavaScript heap after a collection. */
interface Memory {
  readonly resident: number
  readonly heap: number
}
interface Parked {
  /** Having come and heard the line; once all are out of memory; and in memory again for a word of each caller, as for a tick. */
  readonly awake: Memory
  readonly asleep: Memory
  readonly woken: Memory
}
interface Wake {
  /** From the new cap to each caller's `session.created` (ms). */
  readonly p50: number
  readonly p99: number
  readonly all: number
}

/** The line takes 2.4 s, workerd evicts after 10 s of silence, and the desk ticks a waiting call after 20 s. */
const awakeAfterMs = 3_000
const asleepAfterMs = 13_200
const wokenAfterMs = 1_500
const atOnce = 20
/** Dropped while a caller waits, and nobody answers it. */
const word = '{"type":"input_audio_buffer.clear"}'
const warmCallers = 10
/** The room of plan scale. */
const callersPerTenant = 200

const { callers, rounds } = new Command('parked')
  .option('--callers <number>', 'how many wait', whole(1, 500), 500)
  .option('--rounds <number>', 'how often each row has its turn', whole(1, 100), 3)
  .parse(process.argv.slice(2), { from: 'user' })
  .opts<{ callers: number; rounds: number }>()

const upstream = startChild('./upstream.ts')
const keeper = startChild('./keeper.ts')
const inspectorPort = await pickPort('127.0.0.1')
const { port } = (await upstream.said) as { port: number }
const url = `http://127.0.0.1:${port}/v1/realtime`
const vars = { TRUNKLINE_UPSTREAM_URL: url, TRUNKLINE_ADMIN_KEY: adminKey, OPENAI_API_KEY: 'sk-bench' }
const broker = await bundle(join(root, 'wrangler.toml'), 'broker', vars)
const control = await bundle(join(root, 'bench', 'control', 'wrangler.toml'), 'control', { UPSTREAM_URL: url })

const rows = { parked: [] as Parked[], noted: [] as Parked[], broker: [] as Parked[] }
const wakes: Wake[] = []
for (let round = 1; round <= rounds; round++) {
  for (const row of ['parked', 'noted'] as const) {
    const parked = await afresh(control, (running, httpUrl) => park(running, `${httpUrl}/${row}`, [[]]))
    rows[row].push(parked.memory)
    say(`round ${round}, ${row}: ${JSON.stringify(parked.memory)}`)
  }
  const { memory, wake } = await afresh(broker, waitAndWake)
  rows.broker.push(memory)
  wakes.push(wake)
  say(`round ${round}, broker: ${JSON.stringify({ memory, wake })}`)
}

const of = <T>(all: readonly T[], pick: (one: T) => number): string => spread(all.map(pick))?.median.toFixed(1) ?? '–'
console.log(`node bench/parked.ts ${process.argv.slice(2).join(' ')}`.trim())
console.log(`${new Date().toISOString()}, ${thisMachine().text}; medians of ${rounds} rounds, ${callers} callers`)
for (const [row, all] of Object.entries(rows)) {
  const states = (['awake', 'asleep', 'woken'] as const).map((state) => {
    const [resident, heap] = (['resident', 'heap'] as const).map((kind) => of(all, (parked) => parked[state][kind]))
    return `${state} ${resident} resident, ${heap} heap`
  })
  console.log(`${row}: KiB a caller, ${states.join('; ')}`)
}
console.log(
  `put through, ms: p50 ${of(wakes, (w) => w.p50)}, p99 ${of(wakes, (w) => w.p99)}, all ${of(wakes, (w) => w.all)}`,
)
await Promise.all([upstream, keeper].map((child: Child) => child.end()))

/** Tenants without a line, whose callers wait until there are lines for all of them. */
async function waitAndWake(running: Running, httpUrl: string): Promise<{ memory: Parked; wake: Wake }> {
  const tenants = `${httpUrl}/admin/v1/tenants`
  const ids: string[] = []
  const protocols: string[][] = []
  while (ids.length * callersPerTenant < callers) {
    const { id } = await admin<{ id: string }>(tenants, { name: 'bench', plan: 'scale', caps: { lines: 0 } })
    const { key } = await admin<{ key: string }>(`${tenants}/${id}/keys`, { name: 'bench' })
    ids.push(id)
    protocols.push(['realtime', `openai-insecure-api-key.${key}`])
  }
  const { memory, sockets } = await park(running, `${httpUrl}${path}`, protocols)
  const from = performance.now()
  const through = sockets.map(async (ws) => {
    for (;;) {
      const [frame] = (await once(ws, 'message')) as [Buffer]
      if (frame.toString('latin1', 0, 30).includes('session.created')) return performance.now() - from
    }
  })
  await Promise.all(ids.map((id) => admin(`${tenants}/${id}`, { caps: { lines: callers } }, 'PATCH')))
  const ms = await Promise.all(through)
  return { memory, wake: { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99), all: Math.max(...ms) } }
}

/** Callers with these keys in turn. */
async function park(
  running: Running,
  httpUrl: string,
  protocols: readonly (readonly string[])[],
): Promise<{ sockets: WebSocket[]; memory: Parked }> {
  // The first callers bring the code in; what they leave is not the cost of a caller.
  for (const ws of await open(httpUrl, protocols, warmCallers)) ws.terminate()
  await wait(2_000)
  const before = await taken(running)
  const sockets = await open(httpUrl, protocols, callers)
  const openedAt = performance.now()
  await wait(awakeAfterMs)
  const awake = apiece(before, await taken(running))
  await wait(openedAt + asleepAfterMs - performance.now())
  const asleep = apiece(before, await taken(running))
  const wokenAt = performance.now()
  for (const ws of sockets) ws.send(word)
  await wait(wokenAfterMs)
  const woken = apiece(before, await taken(running))
  await wait(wokenAt + asleepAfterMs - performance.now())
  return { sockets, memory: { awake, asleep, woken } }
}

async function taken({ pids }: Running): Promise<Memory> {
  const heap = await heldKib(inspectorPort)
  return { heap, resident: residentKib(pids) ?? NaN }
}

function apiece(before: Memory, now: Memory): Memory {
  return { resident: (now.resident - before.resident) / callers, heap: (now.heap - before.heap) / callers }
}

async function open(httpUrl: string, protocols: readonly (readonly string[])[], count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = []
  let left = count
  const opener = async (): Promise<void> => {
    while (left-- > 0) {
      const ws = new WebSocket(httpUrl.replace('http', 'ws'), [...(protocols[left % protocols.length] ?? [])], {
        perMessageDeflate: false,
      })
      ws.on('error', () => undefined)
      await once(ws, 'message')
      sockets.push(ws)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, opener))
  return sockets
}

async function doorOf(url: string): Promise<Door> {
  return { url, protocols: [] }
}

async function afresh<T>(config: string, work: (running: Running, httpUrl: string) => Promise<T>): Promise<T> {
  const running = await alone(keeper, cache, config, doorOf, [`--inspector-addr=127.0.0.1:${inspectorPort}`])
  try {
    return await work(running, running.door.url.replace('ws', 'http'))
  } finally {
    await running.stop()
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
