// `node bench/debits.ts`: how long a debit takes, when so many come each second whatever happens to those before them: at a desk in Redis and
// in a file, by turns with as many plain round trips to the same Redis. Refuses to judge the figures.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Command } from 'commander'
import { RedisDesk } from '../broker/redis/desk.ts'
import { clock } from '../broker/clock.ts'
import { source } from '../broker/redis/source.ts'
import { openSqliteFile } from '../broker/stores/sqlite-file.ts'
import type { DeskSteps } from '../src/desk-steps.ts'
import type { Entry } from '../src/ledger.ts'
import { TenantSettings } from '../src/plan-settings.ts'
import type { CallRef, Offer, Progress } from '../src/ports.ts'
import { SqlSteps } from '../src/sql-steps.ts'
import { startRedis } from '../test/stores/redis.ts'
import { noHold } from '../test/support/words.ts'
import { quantile, spread } from './figures.ts'
import { thisMachine } from './machine.ts'
import { whole } from './options.ts'

const { perSecond, seconds, rounds, tenants, calls } = new Command('debits')
  .description(
    'How long a debit takes at a steady rate (open model): every other one a reply’s begin, every other one its report.',
  )
  .option('--per-second <number>', 'debits each second', whole(1, 2_000), 500)
  .option('--seconds <number>', 'how long each measurement lasts', whole(1, 60), 10)
  .option('--rounds <number>', 'how often each row has its turn', whole(1, 100), 3)
  .option('--tenants <number>', 'tenants, each with a desk of its own', whole(1, 200), 20)
  .option('--calls <number>', 'live calls of each', whole(1, 1_000), 50)
  .parse()
  .opts<Record<'perSecond' | 'seconds' | 'rounds' | 'tenants' | 'calls', number>>()

/** V8 compiles what runs often: every row gets as much to run before it counts. */
const warmSeconds = 2
const created_at = '2026-11-21T00:00:00.000Z'
/** None is ever spent; all are looked at. */
const budgets = { tokensPerHour: 1e12, tokensPerDay: 1e12, inputTokensPerHour: 1e12, spendUsdPerMonth: 1e6 }
const amounts = {
  replies: 1,
  input_text: 400,
  input_audio: 700,
  cached_audio: 500,
  output_text: 40,
  output_audio: 160,
  micro_usd: 12_345,
}

const began = Date.now()
/** Reports of one measurement are new to the next. */
let run = 0

const folder = mkdtempSync(join(tmpdir(), 'trunkline-debits-'))
const redis = await startRedis()
const fcall = await redis.load(source())
const inRedis = await Promise.all(ids().map((id) => open(id, new RedisDesk(id, fcall, { node: 'bench', epoch: 1 }))))
const inFiles = await Promise.all(
  ids().map((id) => {
    const { sql, transact } = openSqliteFile(join(folder, `${id}.sqlite`))
    return open(id, new SqlSteps(id, sql, transact, clock))
  }),
)
const rows = {
  'redis, nothing asked': (i: number) => redis.send('GET', `trunkline:{ten_${i % tenants}}:none`),
  redis: (i: number) => debit(inRedis[i % tenants] as DeskSteps, i),
  embedded: async (i: number) => debit(inFiles[i % tenants] as DeskSteps, i),
}

const taken = new Map<string, number[][]>()
for (let round = 1; round <= rounds; round++) {
  for (const [name, work] of Object.entries(rows)) {
    await steadily(warmSeconds, work)
    const times = await steadily(seconds, work)
    taken.set(name, [...(taken.get(name) ?? []), times])
    console.error(`round ${round}, ${name}: ${shown([0.5, 0.99, 1].map((share) => quantile(times, share)))}`)
  }
}
console.log(
  `${thisMachine().text}; ${perSecond} debits a second, ${rounds} rounds of ${seconds} s; from when each was due, ms`,
)
for (const [name, all] of taken) {
  const of = (share: number): string => {
    const { median = 0, least = 0, most = 0 } = spread(all.map((times) => quantile(times, share))) ?? {}
    return `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`
  }
  console.log(`${name}: p50 ${of(0.5)}, p99 ${of(0.99)}`)
}
await redis.end()
rmSync(folder, { recursive: true })
process.exit(0)

function ids(): string[] {
  return Array.from({ length: tenants }, (_, i) => `ten_${i}`)
}

async function open<D extends DeskSteps>(id: string, desk: D): Promise<D> {
  const settings = TenantSettings.parse({ name: id, plan: 'scale', budgets, caps: { lines: calls } })
  await desk.create({ ...settings, id, created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  await desk.addKey({ id: 'k', name: 'k', lines: null, headStartSeconds: 0, hint: '', ...times }, 'hash')
  const grant = { amount: 1e10, version: 1 }
  await desk.regrant('openai', { epoch: 1, ttlMs: 3_600_000, tokens: grant, sessions: grant }, 'answer')
  for (let call = 0; call < calls; call++) {
    const { admission } = await desk.consider(offer(call, id))
    if (admission?.is !== 'granted') throw new Error(`${id} has no line for c${call}`)
  }
  return desk
}

function offer(call: number, tenant: string): Offer {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  return { call: `c${call}`, tenant, keyHash: 'hash', ...asks }
}

/** In turn over the calls of all tenants: a reply begins, and with the call's next turn it has ended. */
async function debit(desk: DeskSteps, i: number): Promise<void> {
  const [tenant, turn] = [`ten_${i % tenants}`, Math.floor(i / tenants)]
  const ref: CallRef = {
    call: `c${turn % calls}`,
    tenant,
    key: 'k',
    agent: null,
    caller: null,
    model: 'm',
    pool: 'openai',
  }
  const ends = Math.floor(turn / calls) % 2 === 1
  const entries: Entry[] = ends ? [{ id: `reply:${run}:${i}`, model: 'm', amounts }] : []
  const hold = ends ? noHold : { input: 1_100, output: 200, micro_usd: 12_345 }
  const progress: Progress = { metered: { live_ms: Date.now() - began, micro_usd: 0 }, hold }
  const { renewal } = await desk.debit(ref, entries, progress)
  if (renewal.is !== 'kept') throw new Error(JSON.stringify(renewal))
}

/** What each took from when it was due (ms). */
async function steadily(forSeconds: number, work: (i: number) => Promise<unknown>): Promise<number[]> {
  run++
  const periodMs = 1_000 / perSecond
  const [from, count] = [Number(process.hrtime.bigint()) / 1e6 + 200, forSeconds * perSecond]
  const workerData = { from, periodMs, periods: count, offsets: [0] }
  const pacer = new Worker(new URL('./pacer.ts', import.meta.url), { workerData })
  const timed = async (i: number): Promise<number> => {
    await work(i)
    return Number(process.hrtime.bigint()) / 1e6 - from - i * periodMs
  }
  const under: Promise<number>[] = []
  pacer.on('message', () => under.push(timed(under.length)))
  await once(pacer, 'exit')
  return Promise.all(under)
}

function shown(figures: readonly number[]): string {
  return `p50, p99, most ${figures.map((ms) => ms.toFixed(2)).join(', ')}`
}
