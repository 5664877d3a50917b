// A first word with the desk and the pool in Redis.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Fcall } from '../../broker/redis/call.ts'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { RedisPool } from '../../broker/redis/pool.ts'
import { source } from '../../broker/redis/source.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import { startRedis, type Redis } from './redis.ts'
import { ample } from '../support/grants.ts'

let redis: Redis
let fcall: Fcall

beforeAll(async () => {
  redis = await startRedis()
  fcall = await redis.load(source())
}, 20_000)
afterAll(() => redis?.end())

test('[S1] first', async () => {
  const desk = new RedisDesk('ten_1', fcall, { node: 'a', epoch: 1 })
  const created_at = '2026-11-21T00:00:00.000Z'
  await desk.create({
    ...TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 1 } }),
    id: 'ten_1',
    created_at,
  })
  const made = {
    id: 'k1',
    name: 'k1',
    lines: null,
    headStartSeconds: 0,
    hint: '…',
    created_at,
    expires_at: null,
    revoked_at: null,
  }
  expect(await desk.addKey(made, 'hash')).toBeUndefined()
  expect(await desk.keys()).toEqual([made])
  const offer = {
    call: 'c1',
    tenant: 'ten_1',
    keyHash: 'hash',
    model: 'm',
    models: ['m'],
    agent: null,
    caller: null,
    unserved: null,
    pool: 'openai',
  }
  expect(await desk.consider(offer)).toBeUndefined()
  console.log(await desk.ask('openai'))
  const pool = new RedisPool('openai', { tokensPerMinute: 100_000, sessions: null }, fcall)
  console.log(await pool.share('ten_1', (await desk.ask('openai')) as never).catch(String))
  console.log(await desk.regrant('openai', ample, 'answer'))
  console.log(await desk.admit(offer))
  console.log(await desk.admit({ ...offer, call: 'c2' }))
  console.log(await desk.queueReading(), await desk.read(), await desk.openCalls(), await desk.report())
  console.log(await desk.preview({ caps: { lines: 3 } }))
  console.log(await pool.read(), await pool.series())
  console.log(await pool.change({ floors: { ten_1: { tokensPerMinute: 10, sessions: 0 } } }))
})
