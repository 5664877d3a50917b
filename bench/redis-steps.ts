// What each step of a desk and a pool costs inside Redis, by Redis's own count: `node bench/redis-steps.ts`. Twenty desks of up to 1,000 calls.
import { RedisDesk } from '../broker/redis/desk.ts'
import { RedisPool } from '../broker/redis/pool.ts'
import { source } from '../broker/redis/source.ts'
import { lostRecord } from '../src/desk-counts.ts'
import { TenantSettings } from '../src/plan-settings.ts'
import { startRedis } from '../test/stores/redis.ts'
import { still } from '../test/support/words.ts'

const desks = 20
const atOnce = 50
const created_at = '2026-11-21T00:00:00.000Z'

/** None is ever spent; all are looked at. */
const budgets = { tokensPerHour: 1e12, tokensPerDay: 1e12, inputTokensPerHour: 1e12, spendUsdPerMonth: 1e6 }
const amounts = {
  replies: 1,
  input_audio: 700,
  cached_audio: 500,
  output_text: 40,
  output_audio: 160,
  micro_usd: 12_345,
}
const reply = { id: 'reply', model: 'm', amounts }
const held = { ...still, hold: { input: 700, output: 200, micro_usd: 12_345 } }

const redis = await startRedis()
const fcall = await redis.load(source())
const all = await Promise.all(Array.from({ length: desks }, (_, i) => open(`ten_${i}`)))
const of = (i: number): RedisDesk => all[i % desks] as RedisDesk

for (const live of [100, 500, 1_000]) {
  const from = live === 100 ? 0 : live === 500 ? 100 : 500
  await measure(`admissions up to ${live} live calls`, (live - from) * desks, (i) =>
    of(i).consider(offer(from + Math.floor(i / desks), i)),
  )
}
await measure('renewals at 1,000 live calls', 2_000, (i) => of(i).renew(ref(Math.floor(i / desks), i), 6_000, still))
await measure('debits, a reply begins', 2_000, (i) => of(i).debit(ref(Math.floor(i / desks), i), [], held))
await measure('debits, a reply has ended', 2_000, (i) => of(i).debit(ref(Math.floor(i / desks), i), [reply], still))
await measure('debits, told twice', 2_000, (i) => of(i).debit(ref(Math.floor(i / desks), i), [reply], still))
await measure('asks', 1_000, (i) => of(i).ask('openai'))
await measure('sweeps', 100, (i) => of(i).sweep())
await measure('reports', 100, (i) => of(i).report())
await measure('ends', 2_000, (i) => of(i).end(ref(Math.floor(i / desks), i), [], lostRecord('m', 1_000)))
const pool = new RedisPool('openai', { tokensPerMinute: 1e8, sessions: null }, fcall)
await measure('shares, one call more each', 1_000, (number) => {
  const has = Math.floor(number / desks)
  const unit = (size: number) => ({ has: size * has, wants: size * (has + 1) })
  const needs = { tokens: unit(6_000), sessions: unit(1) }
  return pool.share(`ten_${number % desks}`, {
    number,
    plan: 'scale',
    busy: true,
    block: 6_000,
    debited: 0,
    epoch: null,
    needs,
  })
})
await redis.end()

async function open(id: string): Promise<RedisDesk> {
  const desk = new RedisDesk(id, fcall, { node: 'bench', epoch: 1 })
  await desk.create({ ...TenantSettings.parse({ name: id, plan: 'scale', budgets }), id, created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  await desk.addKey({ id: 'k', name: 'k', lines: null, headStartSeconds: 0, hint: '', ...times }, 'hash')
  await desk.regrant('openai', { epoch: 1, ttlMs: 3_600_000, tokens: grantOf(1e10), sessions: grantOf(1e6) }, 'answer')
  return desk
}

function grantOf(amount: number) {
  return { amount, version: 1 }
}

function offer(call: number, desk: number) {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  return { call: `c${call}`, tenant: `ten_${desk % desks}`, keyHash: 'hash', ...asks }
}

function ref(call: number, desk: number) {
  return {
    call: `c${call}`,
    tenant: `ten_${desk % desks}`,
    key: 'k',
    agent: null,
    caller: null,
    model: 'm',
    pool: 'openai',
  }
}

async function measure(what: string, times: number, work: (i: number) => Promise<unknown>): Promise<void> {
  await redis.send('CONFIG', 'RESETSTAT')
  const began = performance.now()
  for (let i = 0; i < times; i += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, times - i) }, (_, j) => work(i + j)))
  }
  const seconds = (performance.now() - began) / 1000
  const [, calls, us] =
    /cmdstat_fcall:calls=(\d+),usec=(\d+)/.exec(String(await redis.send('INFO', 'commandstats'))) ?? []
  const each = Number(us) / Number(calls)
  const line = `${Math.round(1e6 / each)}/s in Redis, ${Math.round(times / seconds)}/s over one connection`
  console.log(`${what}: ${each.toFixed(0)} µs each, ${line}`)
}
