// The desk and the pool in Redis beside those over SQL.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Fcall } from '../../broker/redis/call.ts'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { RedisPool } from '../../broker/redis/pool.ts'
import { deskStreams, type TimedDesk } from './desk-streams.ts'
import { mailStreams } from './mail-streams.ts'
import { own, poolStreams, type TimedPool } from './pool-beside.ts'
import { printSeed } from '../contract/seed.ts'
import { startRedis, timedSource, type Redis } from './redis.ts'

/** TRUNKLINE_STEPS takes more of them: a million in some twenty minutes. */
const steps = Number(process.env['TRUNKLINE_STEPS'] ?? 5_000)

let redis: Redis
let fcall: Fcall

beforeAll(async () => {
  redis = await startRedis()
  fcall = await redis.load(timedSource())
}, 20_000)
afterAll(() => redis?.end())

function open(run: number): TimedDesk {
  const tenant = `ten_${run}`
  const desk = new RedisDesk(tenant, fcall, { node: 'a', epoch: 1 })
  return { desk, at: (now) => redis.send('SET', `trunkline:{${tenant}}:clock`, String(now)) }
}

test(
  `[S1] over ${steps} random commands a desk in Redis tells the story of one over SQL`,
  { timeout: 3_600_000 },
  async () => {
    printSeed('a desk in Redis')
    expect(await deskStreams(open, steps)).toBeGreaterThanOrEqual(steps)
  },
)

test(
  `[A5] [S1] over ${steps} random commands the webhooks of a desk in Redis tell the story of those over SQL`,
  { timeout: 3_600_000 },
  async () => {
    printSeed('webhooks in Redis')
    await redis.send('FLUSHDB')
    expect(await mailStreams(open, steps)).toBeGreaterThanOrEqual(steps)
  },
)

function openPool(run: number): TimedPool {
  const pool = new RedisPool('openai', own, (name, _key, ...args) =>
    fcall(name, `trunkline:{pool:p${run}}:pool`, ...args),
  )
  return { pool, at: (now) => redis.send('SET', `trunkline:{pool:p${run}}:clock`, String(now)) }
}

test(
  `[S1] over ${steps} random commands a pool in Redis tells the story of one over SQL`,
  { timeout: 3_600_000 },
  async () => {
    printSeed('a pool in Redis')
    expect(await poolStreams(openPool, steps)).toBeGreaterThanOrEqual(steps)
  },
)
