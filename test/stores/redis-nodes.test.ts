// Nodes over one Redis: what one has left is ended when it comes back, or by another when it stays away; what others have goes on.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NodeLife } from '../../broker/stores/node-life.ts'
import { RedisStore } from '../../broker/stores/redis.ts'
import { lostAfterMs, nodeBeatMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import { eventually } from '../support/eventually.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'
import { nobodysCourier } from '../support/courier.ts'
import { dial } from './redis.ts'

const tenants = [1, 2].map((n) => `ten_${String(n).padStart(32, '0')}`)
const created_at = '2026-11-24T00:00:00.000Z'
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

async function nodeOf(node: string): Promise<RedisStore> {
  const store = new RedisStore({
    url: redis.url,
    node,
    pools: { openai: { tokensPerMinute: null, sessions: null } },
    calls: { seated: () => undefined, told: () => undefined },
    courier: nobodysCourier,
    tell: () => undefined,
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

async function openDesks(store: RedisStore): Promise<void> {
  for (const id of tenants) {
    const desk = store.homes.desk(id)
    await desk.create({ ...TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 2 } }), id, created_at })
    const key = { id: 'k1', name: 'first', lines: null, headStartSeconds: 0, hint: '…', created_at }
    await desk.addKey({ ...key, expires_at: null, revoked_at: null }, 'hash')
  }
}

function offers(node: string): Offer[] {
  const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool: 'openai' }
  return tenants.map((tenant) => ({ call: `call of ${node} at ${tenant}`, tenant, keyHash: 'hash', ...asks }))
}

async function notedBy(node: string): Promise<string[]> {
  const noted = await redis.cli('smembers', `trunkline:{node:${node}}:desks`)
  return noted.split('\n').filter(Boolean).toSorted()
}

/** Two nodes with a call each at every desk; the first is gone without an end of its calls. */
async function oneGone(): Promise<RedisStore> {
  const [gone, left] = [await nodeOf('gone'), await nodeOf('left')]
  await openDesks(gone)
  for (const offer of offers('gone')) expect(await gone.desks.admit(offer)).toMatchObject({ is: 'granted' })
  for (const offer of offers('left')) expect(await left.desks.admit(offer)).toMatchObject({ is: 'granted' })
  expect([await notedBy('gone'), await notedBy('left')]).toEqual([tenants, tenants])
  await gone.close()
  return left
}

/** Call → how it ended; those that are open are not told. */
async function ended(by: RedisStore): Promise<Record<string, string>> {
  const calls = await Promise.all(tenants.map(async (id) => (await by.homes.desk(id).calls(9, undefined)) ?? []))
  const over = calls.flat().flatMap(({ id, record }) => (record === null ? [] : [[id, record.outcome.why] as const]))
  return Object.fromEntries(over)
}

const bothOver = Object.fromEntries(offers('gone').map(({ call }) => [call, 'call_reset']))
const both = (of: RedisStore) =>
  eventually(
    () => ended(of),
    (over) => Object.keys(over).length === 2,
  )

test('[G9] a node that comes back ends what its life before has left at every desk, unasked, and nothing of the others', async () => {
  const left = await oneGone()
  expect(await ended(left)).toEqual({})
  await nodeOf('gone')
  expect(await both(left)).toEqual(bothOver)
})

test('[G9] what a node has left that never comes back is ended by another', async () => {
  const left = await oneGone()
  await redis.cli('zadd', 'trunkline:{nodes}:heard', String(Date.now() - lostAfterMs - 1), 'gone')
  await nodeOf('third')
  expect(await both(left)).toEqual(bothOver)
  await eventually(
    () => notedBy('gone'),
    (desks) => desks.length === 0,
  )
  expect(await notedBy('left')).toEqual(tenants)
})

test('[G6] a desk that decides is not forgotten, however many others are asked for meanwhile: its node hears of it on', async () => {
  const node = await nodeOf('one')
  await openDesks(node)
  const [offer] = offers('one') as [Offer]
  const decision = node.desks.admit(offer)
  for (let i = 0; i < 1_000; i++) node.homes.desk(`ten_${i}`)
  expect(await decision).toMatchObject({ is: 'granted' })
  const [deciding = '', idle = ''] = tenants.map((tenant) => `trunkline:{${tenant}}:seated`)
  const channels = await eventually(
    async () => (await redis.cli('pubsub', 'shardchannels')).split('\n'),
    (heard) => !heard.includes(idle),
  )
  expect(channels).toContain(deciding)
})

const heard = 'trunkline:{nodes}:heard'

/** A node whose beats come when they are asked for, and that cannot end what is left at the first desk until it is `mended`. */
async function halfBroken(node: string) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const connection = await dial(redis.port)
  const [visits, broken]: [string[], unknown[]] = [[], []]
  let mended = false
  let tended = Promise.withResolvers<void>()
  const life = new NodeLife({
    node,
    send: (_key, name, ...args) => connection.send(name, ...args),
    desks: () => [],
    endThoseOf: async (of, _epoch, tenant) => {
      visits.push(`${of} at ${tenants.indexOf(tenant)}`)
      if (tenant === tenants[0] && !mended) throw new Error('cannot be ended')
    },
    tend: async () => tended.resolve(),
    fault: (error) => broken.push(error),
  })
  ends.push(
    () => connection.close(),
    vi.useRealTimers,
    () => life.close(),
  )
  const beaten = async (): Promise<string[]> => {
    await tended.promise
    await new Promise(setImmediate) // its next beat is set after that
    return visits.splice(0).toSorted()
  }
  return {
    broken,
    mend: () => (mended = true),
    /** What the first beat has visited, and then each that is asked for. */
    first: async () => {
      await life.look()
      void life.begin()
      return beaten()
    },
    next: () => {
      tended = Promise.withResolvers<void>()
      vi.advanceTimersByTime(nodeBeatMs)
      return beaten()
    },
  }
}

test('[G9] what a node could not end of its earlier life it tries with each beat, there alone; all else of the beat is done', async () => {
  for (const tenant of tenants) await redis.cli('sadd', 'trunkline:{node:a}:desks', tenant)
  const node = await halfBroken('a')
  expect(await node.first()).toEqual(['a at 0', 'a at 1'])
  expect(await node.next()).toEqual(['a at 0'])
  expect([node.broken.length, await notedBy('a')]).toEqual([2, [tenants[0]]])
  node.mend()
  expect(await node.next()).toEqual(['a at 0'])
  expect(await node.next()).toEqual([])
  expect(await notedBy('a')).toEqual([])
})

test('[G9] [A5] what could not be ended of a dead node is ended later, by whoever comes; until then it is known, and mail goes out', async () => {
  for (const tenant of tenants) await redis.cli('sadd', 'trunkline:{node:dead}:desks', tenant)
  const longAgo = () => redis.cli('zadd', heard, String(Date.now() - lostAfterMs - 1), 'dead')
  await longAgo()
  const node = await halfBroken('a')
  expect(await node.first()).toEqual(['dead at 0', 'dead at 1'])
  expect([node.broken.length, await notedBy('dead')]).toEqual([1, [tenants[0]]])
  expect(await node.next()).toEqual([]) // another may be at it
  node.mend()
  await longAgo()
  expect(await node.next()).toEqual(['dead at 0'])
  expect(await notedBy('dead')).toEqual([])
  expect(await redis.cli('zrange', heard, '0', '-1')).toBe('a')
})
