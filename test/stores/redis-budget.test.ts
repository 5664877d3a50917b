// Many who come at once by four writers for what is left of a budget: a desk in Redis gives it once. Its rules are those of every desk.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { firstReply, leaseTtlMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Admission, CallRef, Offer } from '../../src/ports.ts'
import { ample } from '../support/grants.ts'
import { silent, still } from '../support/words.ts'
import { startRedis, timedSource, type Redis } from './redis.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
const comers = 100

let redis: Redis
let writers: RedisDesk[]
beforeAll(async () => {
  redis = await startRedis()
  const fcall = await redis.load(timedSource())
  writers = ['a', 'b', 'c', 'd'].map((node) => new RedisDesk('ten_1', fcall, { node, epoch: 1 }))
  await at(0)
  const budgets = { tokensPerHour: firstReply.input + firstReply.output }
  const settings = { name: 'Acme', plan: 'scale', caps: { lines: comers }, overflow: 'event', budgets }
  await writer(0).create({ ...TenantSettings.parse(settings), id: 'ten_1', created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  await writer(0).addKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  await writer(0).regrant('openai', { ...ample, epoch: start }, 'answer')
}, 20_000)
afterAll(() => redis?.end())

const at = (ms: number) => redis.send('SET', 'trunkline:{ten_1}:clock', String(start + ms))
const writer = (i: number) => writers[i % writers.length] as RedisDesk

function offer(call: string): Offer {
  const whose = { tenant: 'ten_1', keyHash: 'hash', agent: null, caller: null }
  return { call, ...whose, model: 'm', models: ['m'], unserved: null, pool: 'openai' }
}

function ref(call: string): CallRef {
  return { call, tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
}

function told(admission: Admission): string {
  return admission.is === 'refused' ? admission.refusal.why : admission.is
}

/** As a host asks: the pool is asked in between where it must be. */
async function come(call: string, i: number): Promise<string> {
  const considered = (await writer(i).consider(offer(call))).admission
  if (considered !== undefined) return told(considered)
  return told((await writer(i).admit(offer(call))).admission)
}

test(`[L4] [L6] of ${comers} who come at once by four writers for a budget of one, one is let in; when it has ended or is lost, the next`, async () => {
  const rush = async (name: string): Promise<string> => {
    const answers = await Promise.all(Array.from({ length: comers }, (_, i) => come(`${name}${i}`, i)))
    expect(answers.filter((answer) => answer === 'budget_held')).toHaveLength(comers - 1)
    expect((await writer(1).read())?.budgets).toMatchObject([{ used: 0, held: 1_000, left: 0 }])
    return `${name}${answers.indexOf('granted')}`
  }
  const first = await rush('a')
  await writer(2).end(ref(first), [], lostRecord('m', 1_000))
  expect((await writer(3).read())?.budgets).toMatchObject([{ used: 0, held: 0, left: 1_000 }])
  const second = await rush('b')
  await at(20_000)
  await writer(3).renew(ref(second), null, still)
  await at(20_000 + leaseTtlMs - 1)
  expect(await come('c', 0)).toBe('budget_held')
  await at(20_000 + leaseTtlMs)
  expect(await come('d', 1)).toBe('granted')
  expect((await writer(0).read())?.lines.live).toBe(1)
})

test('[L4] [G6] of many who wait on four writers when a cap rises one is seated by the edit; when it holds no more, the next', async () => {
  const lives = await writer(0).openCalls()
  for (const { id } of lives) await writer(1).end(ref(id), [], lostRecord('m', 1_000))
  await writer(2).change({ caps: { lines: 1 }, overflow: 'hold' })
  expect(await come('e', 3)).toBe('granted')
  await writer(0).renew(ref('e'), null, silent)
  const waits = Array.from({ length: 20 }, (_, i) => `w${String(i).padStart(2, '0')}`)
  for (const [i, call] of waits.entries()) expect(await come(call, i)).toBe('queued')
  expect(await writer(1).preview({ caps: { lines: comers } })).toMatchObject({ put_through: 1 })
  await writer(1).change({ caps: { lines: comers } })
  expect((await writer(2).read())?.lines).toMatchObject({ live: 2, waiting: 19 })
  expect((await writer(3).renew(ref('w00'), null, silent)).waits).toBe(true)
  expect(await writer(0).regrant('openai', undefined, 'answer')).toMatchObject({ seated: ['w01'] })
  expect((await writer(1).read())?.budgets).toMatchObject([{ used: 0, held: 1_000, left: 0 }])
})
