// What a node does about calls that Redis may have taken in without anybody hearing of it: it takes them back, and no other.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RedisStore } from '../../broker/stores/redis.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { nobodysCourier } from '../support/courier.ts'

const tenant = `ten_${'1'.padStart(32, '0')}`
const created_at = '2026-11-24T00:00:00.000Z'

let redis: RedisServer
let proxy: TcpProxy
let store: RedisStore
beforeEach(async () => {
  redis = await startRedis()
  proxy = await startTcpProxy({ port: redis.port })
  store = new RedisStore({
    url: `redis://127.0.0.1:${proxy.port}`,
    node: 'a',
    pools: { openai: { tokensPerMinute: null, sessions: null } },
    calls: { seated: () => undefined, told: () => undefined },
    courier: nobodysCourier,
    tell: () => undefined,
    fault: () => undefined,
    log: () => undefined,
  })
  await serves()
  const settings = TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 1 } })
  const desk = store.homes.desk(tenant)
  await desk.create({ ...settings, id: tenant, created_at })
  const key = { id: 'k1', name: 'first', lines: null, headStartSeconds: 0, hint: '…', created_at }
  await desk.addKey({ ...key, expires_at: null, revoked_at: null }, 'hash')
})
afterEach(async () => {
  await store.close()
  await proxy.end()
  await redis.end()
})

const serves = () =>
  eventually(
    async () => store.problems(),
    (problems) => problems.length === 0,
  )

function offer(call: string): Offer {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  return { call, tenant, keyHash: 'hash', ...asks }
}

const waiting = () => redis.cli('zrange', `trunkline:{${tenant}}:roster:queue`, '0', '-1')

test('[G10] a newcomer whose answer was lost has no place; one that waited before keeps its own', async () => {
  expect(await store.desks.admit(offer('c1'))).toMatchObject({ is: 'granted' })
  expect(await store.desks.admit(offer('c2'))).toMatchObject({ is: 'queued', place: 0 })
  proxy.dropReplies(true)
  const unheard = await Promise.allSettled([offer('c2'), offer('c3')].map((one) => store.desks.admit(one)))
  expect(unheard.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await waiting()).toBe('c2\nc3')
  proxy.dropReplies(false)
  expect(await eventually(waiting, (ids) => ids !== 'c2\nc3')).toBe('c2')
  await serves()
  expect(await store.desks.admit(offer('c2'))).toMatchObject({ is: 'queued', place: 0 })
  const open = await redis.cli('zrange', `trunkline:{${tenant}}:roster:calls:open`, '0', '-1')
  expect(open).toBe('c2\nc1')
}, 20_000)
