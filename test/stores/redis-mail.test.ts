// Webhooks over Redis with several nodes: what one node put and could not send another sends, also where nobody calls any more.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RedisStore } from '../../broker/stores/redis.ts'
import { Courier, Unsent, type Parcel } from '../../src/courier.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { newHook } from '../../src/hook-edits.ts'
import { webHmac } from '../../src/http/hmac.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'

const tenant = `ten_${'1'.padStart(32, '0')}`
const created_at = '2026-11-24T00:00:00.000Z'
const due = 'trunkline:{mail}:due'
const faults: unknown[] = []
let redis: RedisServer
let ends: (() => unknown)[] = []
beforeEach(async () => {
  redis = await startRedis()
  ends = [() => redis.end()]
})
afterEach(async () => {
  for (const end of ends.toReversed()) await end()
  expect(faults.splice(0)).toEqual([])
})

/** A node, and what it has sent. */
async function nodeOf(node: string, post: (parcel: Parcel) => Promise<number>): Promise<RedisStore> {
  const store = new RedisStore({
    url: redis.url,
    node,
    pools: { openai: { tokensPerMinute: null, sessions: null } },
    calls: { seated: () => undefined, told: () => undefined },
    tell: () => undefined,
    courier: new Courier({ now: () => Date.now(), hmac: webHmac, post }),
    fault: (_of, error) => faults.push(error),
    log: () => undefined,
  })
  ends.push(() => store.close())
  await eventually(
    async () => store.problems(),
    (problems) => problems.length === 0,
  )
  return store
}

async function talk(store: RedisStore, call: string): Promise<void> {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  const offer: Offer = { call, tenant, keyHash: 'hash', ...asks }
  expect(await store.desks.admit(offer)).toMatchObject({ is: 'granted' })
  const ref = { call, tenant, key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
  await store.desks.end(ref, [], lostRecord('m', 1_000))
}

async function makeDesk(store: RedisStore): Promise<void> {
  const desk = store.homes.desk(tenant)
  await desk.create({ ...TenantSettings.parse({ name: 'Acme', plan: 'scale' }), id: tenant, created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  await desk.addKey({ id: 'k1', name: 'first', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  const hook = { url: 'https://hooks.example.com/', events: null, enabled: true }
  expect(await desk.addHook(newHook('hook_1', hook, 'whsec_AAAA', created_at))).toBeUndefined()
}

const listed = (): Promise<string> => redis.cli('zrange', due, '0', '-1')

test('[A5] a message is sent by the node that put it, and the list of those who wait is empty again', async () => {
  const sent: Parcel[] = []
  const store = await nodeOf('a', async (parcel) => sent.push(parcel) && 200)
  await makeDesk(store)
  await talk(store, 'call_1')
  await eventually(
    async () => sent.length,
    (count) => count === 1,
  )
  await eventually(listed, (tenants) => tenants.trim() === '')
  expect(sent[0]?.headers['webhook-id']).toBe('call_1_ended')
  const [kept] = (await store.homes.desk(tenant).hooks()) ?? []
  expect(kept?.state).toMatchObject({ status: 200, error: null, gone_at: null })
})

test('[A5] of two nodes that look at the same time one sends it', async () => {
  const sent: string[] = []
  const post = async ({ headers }: Parcel): Promise<number> => {
    sent.push(headers['webhook-id'] ?? '')
    await new Promise((resolve) => setTimeout(resolve, 50))
    return 200
  }
  const [a, b] = [await nodeOf('a', post), await nodeOf('b', post)]
  await makeDesk(a)
  const calls = Array.from({ length: 20 }, (_, i) => `call_${i}`)
  await Promise.all(calls.map((call, i) => talk(i % 2 === 0 ? a : b, call)))
  await eventually(
    async () => sent.length,
    (count) => count >= calls.length,
  )
  await eventually(listed, (tenants) => tenants.trim() === '')
  expect(new Set(sent)).toEqual(new Set(calls.map((call) => `${call}_ended`)))
  expect(sent).toHaveLength(calls.length)
})

test('[A5] what a node could not send, and left, another sends at whose desk nobody has ever called', async () => {
  const gone = await nodeOf('gone', () => Promise.reject(new Unsent('It is not there.')))
  await makeDesk(gone)
  await talk(gone, 'call_1')
  await eventually(
    async () => (await gone.homes.desk(tenant).hooks())?.[0]?.state?.error,
    (error) => error === 'It is not there.',
  )
  const at = await eventually(
    async () => Number(await redis.cli('zscore', due, tenant)),
    (score) => score > Date.now() + 3_000,
  )
  expect(at - Date.now()).toBeLessThan(6_500)
  await gone.close()
  const sent: Parcel[] = []
  await nodeOf('other', async (parcel) => sent.push(parcel) && 200)
  await eventually(
    async () => sent.length,
    (count) => count === 1,
    15_000,
  )
  expect(sent[0]?.headers['webhook-id']).toBe('call_1_ended')
  await eventually(listed, (tenants) => tenants.trim() === '')
}, 25_000)
