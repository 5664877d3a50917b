// What a desk in Redis owes to its tenant's clock, which is looked up where there is a calendar, and to windows that expire by themselves.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Fcall } from '../../broker/redis/call.ts'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { keptMs, pageKeptMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import { ample } from '../support/grants.ts'
import { entry, still } from '../support/words.ts'
import { startRedis, timedSource, type Redis } from './redis.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
const day = 86_400_000
let redis: Redis
let fcall: Fcall
let tenants = 0
let tenant: string
let desk: RedisDesk

beforeAll(async () => {
  redis = await startRedis()
  fcall = await redis.load(timedSource())
}, 20_000)
afterAll(() => redis?.end())

beforeEach(async () => {
  tenant = `ten_${tenants++}`
  desk = new RedisDesk(tenant, fcall, { node: 'a', epoch: 1 })
  await at(start)
  const settings = TenantSettings.parse({ name: 'Acme', plan: 'trial', timezone: 'Asia/Kolkata' })
  await desk.create({ ...settings, id: tenant, created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  await desk.addKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  await desk.admit(offer('first')) // its pool is known now
  await desk.regrant('openai', { ...ample, epoch: start }, 'answer')
})

const at = (now: number) => redis.send('SET', `trunkline:{${tenant}}:clock`, String(now))
const documents = () => `trunkline:{${tenant}}:documents`
const ref = (call: string) => ({ call, tenant, key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' })

function offer(call: string): Offer {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  return { call, tenant, keyHash: 'hash', ...asks }
}

function rosterOf(name: string): string {
  return `trunkline:{${tenant}}:roster:${name}`
}

async function ttl(name: string): Promise<number> {
  return Number(await redis.send('PTTL', rosterOf(name)))
}

async function gist(): Promise<Record<string, unknown>> {
  return JSON.parse(String(await redis.send('HGET', documents(), 'gist'))) as Record<string, unknown>
}

async function debit(): Promise<unknown[]> {
  await desk.debit(ref('first'), [entry('r1', { input_text: 5 })], still)
  return ((await redis.send('KEYS', rosterOf('used:*'))) as string[]).toSorted()
}

test('[L5] windows are those of the tenant’s clock', async () => {
  expect(await debit()).toEqual(
    ['day:2026-11-21', 'hour:2026-11-21T17+05:30', 'month:2026-11'].map((id) => rosterOf(`used:${id}`)),
  )
})

test('[L5] a month is kept longer than all else, and everything expires', async () => {
  await debit()
  for (const roster of ['used:month:2026-11', 'windows:month'])
    expect(await ttl(roster)).toBeGreaterThan(pageKeptMs.month - day)
  for (const roster of ['used:day:2026-11-21', 'windows:day', 'split:day:2026-11-21', 'held:untils']) {
    expect(await ttl(roster)).toBeGreaterThan(keptMs - day)
    expect(await ttl(roster)).toBeLessThanOrEqual(keptMs)
  }
})

test('[L5] a clock that was looked up a month ago is looked up again', async () => {
  const before = await gist()
  await desk.sweep()
  expect(await gist()).toEqual(before)
  await at(start + 60 * day)
  await desk.sweep()
  expect(await gist()).toMatchObject({ zone: { asOf: start + 60 * day } })
})

test('[L6] a tenant that was written before there were budgets has those of its plan, and the clock of UTC', async () => {
  const { id, plan, caps, models, overflow, hold } = await gist()
  const older = JSON.stringify({ id, plan, caps, models, overflow, hold })
  await redis.send('HSET', documents(), 'gist', older, 'tenant', JSON.stringify({ ...JSON.parse(older), created_at }))
  expect((await desk.admit(offer('c1'))).admission).toMatchObject({ is: 'granted' })
  expect((await debit()).at(-1)).toContain('month:2026-11')
  expect((await desk.read())?.budgets.map(({ account }) => account)).toContain('tokens')
  await desk.sweep()
  expect(await gist()).toMatchObject({ budgets: {}, zone: { offsets: [{ offsetMs: 0 }] } })
})
