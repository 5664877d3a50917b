// What a desk in Redis owes to having many hosts and a store that can be lost: wakes, edits at once, epochs, restarts, keys that expire.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Fcall } from '../../broker/redis/call.ts'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { seatedChannel } from '../../broker/redis/names.ts'
import { RedisPool } from '../../broker/redis/pool.ts'
import { RedisRegistry } from '../../broker/redis/registry.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { newHook } from '../../src/hook-edits.ts'
import { auditKeptMs, leaseTtlMs, learningMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { CallRef, Offer } from '../../src/ports.ts'
import { ample } from '../support/grants.ts'
import { dial, startRedis, timedSource, type Redis } from './redis.ts'
import { still } from '../support/words.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
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
  desk = deskOf('a', 1)
  await at(0)
  const settings = TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 1 } })
  await desk.create({ ...settings, id: tenant, created_at })
  await desk.addKey(keyOf('k1'), 'hash')
  await admit(desk, offer('never')) // its pool is known now
  await desk.end(ref('never'), [], lostRecord('m', 0))
  await desk.regrant('openai', { ...ample, epoch: start }, 'answer')
})

const at = (ms: number) => redis.send('SET', `trunkline:{${tenant}}:clock`, String(start + ms))
const deskOf = (node: string, epoch: number) => new RedisDesk(tenant, fcall, { node, epoch })

const admit = async (of: RedisDesk, one: Offer) => (await of.admit(one)).admission
const consider = async (of: RedisDesk, one: Offer) => (await of.consider(one)).admission

function keyOf(id: string) {
  return { id, name: id, lines: null, headStartSeconds: 0, hint: '…', created_at, expires_at: null, revoked_at: null }
}

function offer(call: string): Offer {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  return { call, tenant, keyHash: 'hash', ...asks }
}

function ref(call: string): CallRef {
  return { call, tenant, key: 'k1', agent: null, caller: null, model: 'gpt-realtime', pool: 'openai' }
}

test('[G6] who is seated is told on the channel of its tenant by the step itself, whoever asked for it', async () => {
  expect(await admit(desk, offer('c1'))).toMatchObject({ is: 'granted' })
  expect(await admit(deskOf('b', 1), offer('c2'))).toMatchObject({ is: 'queued', place: 0 })
  const ear = await dial(redis.port)
  const message = await ear.hear(seatedChannel(tenant))
  await desk.end(ref('c1'), [], lostRecord('m', 1_000))
  expect(await desk.regrant('openai', undefined, 'answer')).toEqual({ seated: ['c2'], again: false })
  expect(JSON.parse(await message())).toEqual(['c2'])
  ear.close()
})

test('[G6] an edit that raises a cap seats and wakes in the same step', async () => {
  await admit(desk, offer('c1'))
  await admit(desk, offer('c2'))
  const ear = await dial(redis.port)
  const message = await ear.hear(seatedChannel(tenant))
  await desk.change({ caps: { lines: 2 } })
  expect(JSON.parse(await message())).toEqual(['c2'])
  ear.close()
})

test('[A2] edits of many hosts at once are each computed on what the one before has left', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `key_${i}`)
  await Promise.all(ids.map((id, i) => deskOf(`n${i}`, 1).addKey(keyOf(id), `hash of ${id}`)))
  expect((await desk.keys())?.map(({ id }) => id)).toEqual([...ids, 'k1'].toSorted())
  const more = Array.from({ length: 40 }, (_, i) => desk.addKey(keyOf(`more_${i}`), `hash of more_${i}`))
  expect((await Promise.all(more)).filter((refusal) => refusal?.why === 'keys_enough')).toHaveLength(11)
})

test('[G9] an older life of a node is refused, and what it had is free when the next one comes', async () => {
  expect(await admit(desk, offer('c1'))).toMatchObject({ is: 'granted' })
  expect(await admit(deskOf('b', 1), offer('c2'))).toMatchObject({ is: 'queued' })
  const reborn = deskOf('a', 2)
  expect((await reborn.openCalls()).map(({ id }) => id)).toEqual(['c2'])
  await expect(desk.renew(ref('c1'), null, still)).rejects.toThrow('STALE')
  await expect(admit(desk, offer('c3'))).rejects.toThrow('STALE')
  expect(await admit(deskOf('b', 1), offer('c2'))).toMatchObject({ is: 'granted' })
})

test('[G9] a call that was carried on by another node is not freed with the one that it came to', async () => {
  await admit(desk, offer('c1'))
  await deskOf('b', 1).renew(ref('c1'), null, still)
  await admit(desk, offer('c2'))
  await deskOf('b', 2).sweep()
  expect((await desk.openCalls()).map(({ id }) => id)).toEqual(['c2'])
})

test('[G10] after a restart of Redis newcomers wait, live calls go on, and nothing is granted until it has heard who is there', async () => {
  await desk.change({ caps: { lines: 2 } })
  await admit(desk, offer('c1'))
  await redis.restart()
  const [again, other] = [deskOf('a', 1), deskOf('b', 1)]
  expect((await again.renew(ref('c1'), null, still)).renewal).toEqual({ is: 'kept' })
  expect(await consider(other, offer('c2'))).toBeUndefined()
  expect(await admit(other, offer('c2'))).toMatchObject({ is: 'queued', place: 0 })
  expect(await other.regrant('openai', undefined, 'answer')).toEqual({ seated: [], again: false })
  await at(learningMs - 1)
  expect(await admit(other, offer('c2'))).toMatchObject({ is: 'queued' })
  await at(learningMs)
  expect(await admit(other, offer('c2'))).toMatchObject({ is: 'granted' })
}, 20_000)

test('[G10] a desk that Redis has lost takes no caller, lets live calls go on, and writes nothing', async () => {
  tenant = 'ten_wiped'
  const wiped = deskOf('a', 1)
  await at(0)
  expect(await admit(wiped, offer('c1'))).toEqual({ is: 'refused', refusal: { why: 'key_unknown' } })
  expect((await wiped.renew(ref('c1'), null, still)).renewal).toEqual({ is: 'kept' })
  expect([await wiped.read(), await wiped.keys(), await wiped.calls(9, undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(await wiped.removeCaller('c1')).toMatchObject({ why: 'thing_unknown', details: { kind: 'tenant' } })
  expect(await redis.send('KEYS', 'trunkline:{ten_wiped}:*')).toEqual(['trunkline:{ten_wiped}:clock'])
})

test('[G7] a preview over Redis knows what each call has used', async () => {
  await desk.change({ callBudgets: { outputTokensPerHour: 1_000 } })
  await admit(desk, offer('c1'))
  await desk.debit(ref('c1'), [{ id: 'r1', model: 'm', amounts: { output_audio: 500 } }], still)
  expect(await desk.preview({ callBudgets: { outputTokensPerHour: 501 } })).toMatchObject({ ends: 0 })
  expect(await desk.preview({ callBudgets: { outputTokensPerHour: 500 } })).toMatchObject({ ends: 1 })
})

test('[A3] what was done to a tenant is kept for a year after the last of it', async () => {
  const ttl = Number(await redis.send('PTTL', `trunkline:{${tenant}}:audit`))
  expect(auditKeptMs - ttl).toBeLessThan(60_000)
  expect((await desk.audit(9, undefined))?.map(({ what }) => what)).toEqual(['key.created', 'tenant.created'])
})

test('[S2] every key of a desk expires but the documents of its tenant, and what has ended is forgotten in time', async () => {
  const hook = { url: 'https://hooks.example.com/', events: null, enabled: true }
  await desk.mail.addHook(newHook('hook_1', hook, 'whsec_AAAA', created_at))
  await desk.mail.note({ hook: 'hook_1', url: hook.url }, { status: 200, error: null })
  await admit(desk, offer('c1'))
  await desk.debit(ref('c1'), [{ id: 'r1', model: 'gpt-realtime', amounts: { input_audio: 10 } }], still)
  await desk.end(ref('c1'), [], lostRecord('m', 1_000))
  await admit(desk, offer('c2'))
  const all = (await redis.send('KEYS', `trunkline:{${tenant}}:*`)) as string[]
  const expires = await Promise.all(all.map(async (key) => [key, await redis.send('PTTL', key)] as const))
  const stay = expires.filter(([, ttl]) => ttl === -1).map(([key]) => key.slice(key.indexOf('}:') + 2))
  expect(stay.toSorted()).toEqual(['clock', 'documents', 'hashes', 'hooks', 'hooks:states', 'keys'])
  expect((await desk.calls(9, undefined))?.map(({ id }) => id)).toEqual(['never', 'c2', 'c1'])
  await at(35 * 86_400_000)
  await desk.renew(ref('c2'), null, still)
  await desk.sweep()
  expect((await desk.calls(9, undefined))?.map(({ id }) => id)).toEqual(['c2'])
})

test('[S2] nothing that a pool keeps expires: a floor is written once, and holds', async () => {
  const pool = new RedisPool('kept', { tokensPerMinute: 600_000, sessions: null }, fcall)
  await redis.send('SET', 'trunkline:{pool:kept}:clock', String(start))
  await pool.change({ floors: { [tenant]: { tokensPerMinute: 6_000, sessions: 1 } } })
  const unit = { has: 1, wants: 1 }
  const needs = { tokens: unit, sessions: unit }
  await pool.share(tenant, { number: 1, plan: 'scale', busy: true, block: 1, debited: 0, epoch: null, needs })
  const all = (await redis.send('KEYS', 'trunkline:{pool:kept}:*')) as string[]
  expect(all).toContain('trunkline:{pool:kept}:roster:tokens:floors')
  expect(await Promise.all(all.map((key) => redis.send('PTTL', key)))).toEqual(all.map(() => -1))
})

test('[H4] an upload is kept byte for byte in each format, and deleted when no line names it', async () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => i % 256)
  const sound = { 'audio/pcm': bytes, 'audio/pcmu': bytes.slice(1), 'audio/pcma': bytes.slice(2) }
  const upload = { id: 'aud_1', name: null, ms: 200, created_at }
  expect(await desk.upload(upload, sound)).toBeUndefined()
  expect(await desk.sounds()).toEqual([upload])
  for (const format of ['audio/pcm', 'audio/pcmu', 'audio/pcma'] as const)
    expect(await desk.sound('aud_1', format)).toEqual(sound[format])
  const hold = TenantSettings.parse({
    name: 'a',
    plan: 'trial',
    hold: { lines: { full: { en: { text: 'x', audio: 'aud_1' } } } },
  }).hold
  expect(await desk.change({ hold })).toMatchObject({ hold })
  expect(await desk.preview({ hold })).toMatchObject({ tenant: { hold } })
  expect(await desk.discard('aud_1')).toMatchObject({ why: 'sound_in_use' })
  await desk.change({ hold: { ...hold, lines: {} } })
  expect(await desk.discard('aud_1')).toBeUndefined()
  expect([await desk.sounds(), await desk.sound('aud_1', 'audio/pcm')]).toEqual([[], undefined])
})

test('[G4] a waiting call that asks again keeps its ticket; one that does not has none after its TTL', async () => {
  await admit(desk, offer('c1'))
  await admit(desk, offer('c2'))
  await admit(desk, offer('c3'))
  await at(leaseTtlMs - 1)
  await desk.renew(ref('c1'), null, still)
  expect(await admit(desk, offer('c3'))).toMatchObject({ is: 'queued', place: 1 })
  await at(leaseTtlMs)
  expect(await admit(desk, offer('c3'))).toMatchObject({ is: 'queued', place: 0 })
})

test('[A2] tenants are listed in the order of their ids, in pages', async () => {
  const registry = new RedisRegistry((_key, name, ...args) => redis.send(name, ...args))
  for (const id of ['ten_b', 'ten_c', 'ten_a']) await registry.put({ id, name: id, plan: 'trial' })
  await registry.put({ id: 'ten_b', name: 'Bell', plan: 'scale' })
  expect(await registry.list(2, '')).toEqual([
    { id: 'ten_a', name: 'ten_a', plan: 'trial' },
    { id: 'ten_b', name: 'Bell', plan: 'scale' },
  ])
  expect((await registry.list(2, 'ten_b')).map(({ id }) => id)).toEqual(['ten_c'])
  expect(await registry.list(2, 'ten_c')).toEqual([])
})
