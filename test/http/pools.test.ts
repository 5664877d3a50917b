// The operator's routes for pools, in front of a house in memory.
import { beforeEach, describe, expect, test } from 'vitest'
import { MemoryHouse, operatorKey, type Answer } from './house.ts'

const pools = '/admin/v1/pools'
let house: MemoryHouse

beforeEach(() => {
  house = new MemoryHouse()
})

const patch = (body: unknown, query = ''): Promise<Answer> => house.ask('PATCH', `${pools}/openai${query}`, { body })

/** A desk with so many live calls of 6,000 tokens a minute. */
function talks(desk: string, calls: number, waiting = 0): void {
  const unit = (size: number) => ({ has: calls * size, wants: (calls + waiting) * size })
  const needs = { tokens: unit(6_000), sessions: unit(1) }
  house.pool.share(
    desk,
    { number: 0, plan: 'scale', needs, busy: true, block: 6_000, debited: 0, epoch: null },
    Date.now(),
  )
}

test.each([
  ['GET', pools],
  ['GET', `${pools}/openai`],
  ['PATCH', `${pools}/openai`],
])('[K5] %s %s is for the operator alone', async (method, path) => {
  const { key } = await house.key(await house.tenant())
  for (const other of [null, 'wrong', `${operatorKey}x`, key])
    expect((await house.ask(method, path, { key: other })).status).toBe(401)
})

test('[P6] a pool is read with its ceiling, use and headroom, and what a new call of each plan would find', async () => {
  talks('ten_1', 11)
  const { body } = await house.ask('GET', `${pools}/openai`)
  expect(body).toMatchObject({
    object: 'pool',
    id: 'openai',
    ceiling: { tokensPerMinute: 100_000, sessions: null },
    thresholds: { trial: 0.7, starter: 0.8, growth: 0.85, scale: 1 },
    floors: {},
    desks: 1,
    learning: false,
    tokens_last_minute: 0,
    tokens: {
      ceiling: 100_000,
      has: 66_000,
      granted: 72_000,
      use: 0.66,
      room: { trial: 0, starter: 8_000, scale: 28_000 },
    },
    sessions: { ceiling: null, has: 11, use: null, headroom: null },
  })
  expect((await house.ask('GET', pools)).body).toMatchObject({ object: 'list', data: [body], has_more: false })
})

test('[P2] ceiling, thresholds and floors are set, read back, and in force at once', async () => {
  const big = await house.tenant({ plan: 'scale' })
  const change = {
    ceiling: { tokensPerMinute: 60_000, sessions: 40 },
    thresholds: { scale: 1.1, trial: 0.5 },
    floors: { [big]: { tokensPerMinute: 12_000, sessions: 2 } },
  }
  const { status, body } = await patch(change)
  expect(status).toBe(200)
  expect(body).toMatchObject({ ...change, thresholds: { trial: 0.5, starter: 0.8, growth: 0.85, scale: 1.1 } })
  expect((await house.ask('GET', `${pools}/openai`)).body).toMatchObject(change)
  expect((await patch({ ceiling: null, thresholds: {}, floors: {} })).body).toMatchObject({
    ceiling: { tokensPerMinute: 100_000, sessions: null },
    thresholds: { scale: 1 },
    floors: {},
  })
})

test('[G7] a preview says what an edit would do, in figures and sentences, and changes nothing', async () => {
  talks('ten_1', 10, 3)
  const before = (await house.ask('GET', `${pools}/openai`)).body
  const change = { ceiling: { tokensPerMinute: 42_000, sessions: 5 }, thresholds: { trial: 0.1 } }
  const { status, body } = await patch(change, '?preview=true')
  expect(status).toBe(200)
  expect(body).toMatchObject({ object: 'preview', ends: 0, pool: { ceiling: change.ceiling, tokens: { headroom: 0 } } })
  expect(body['notes']).toEqual([
    'Live calls have 60000 tokens a minute, above the ceiling of 42000: they go on, and no new call is let in until they have less.',
    'New calls of plan scale would wait for tokens a minute.',
    'Callers who want 18000 tokens a minute more are waiting now.',
    'Plan trial could never make a call: one takes 6000 tokens a minute, more than its share of the ceiling.',
    'Live calls have 10 sessions, above the ceiling of 5: they go on, and no new call is let in until they have less.',
    'New calls of plan trial, starter, growth, scale would wait for sessions.',
    'Callers who want 3 sessions more are waiting now.',
    'Plan trial could never make a call: one takes 1 sessions, more than its share of the ceiling.',
  ])
  expect((await house.ask('GET', `${pools}/openai`)).body).toEqual(before)
  const more = await patch({ ceiling: { tokensPerMinute: 1e9, sessions: null } }, '?preview=true')
  expect(more.body['notes']).toContain(
    'New calls of plan trial, starter, growth would no longer wait for tokens a minute.',
  )
})

/** What a refusal of the edit says. */
const detail = async (body: unknown, query = ''): Promise<unknown> => {
  const answer = await patch(body, query)
  expect(answer.status).toBe(400)
  return answer.body['detail']
}

describe('what is refused', () => {
  test('[A2] a threshold above 1.10, or above 1 for a plan that shares, names the field', async () => {
    expect(await detail({ thresholds: { scale: 1.2 } })).toContain('thresholds.scale')
    expect(await detail({ thresholds: { trial: 1.05 } })).toContain('thresholds.trial: is above 1')
  })

  test('[A2] a floor is for a tenant that there is, on a plan that comes with one, and within the ceiling', async () => {
    const [small, big] = [await house.tenant({ plan: 'starter' }), await house.tenant({ plan: 'scale' })]
    expect(await detail({ floors: { ten_nobody: { sessions: 1 } } })).toContain(
      'floors.ten_nobody: there is no such tenant',
    )
    expect(await detail({ floors: { [small]: { sessions: 1 } } })).toContain('a floor is for plan scale')
    expect(await detail({ floors: { [big]: { tokensPerMinute: 200_000 } } })).toContain('above the ceiling of 100000')
    expect(await detail({ floors: { [big]: { tokensPerMinute: 200_000 } } }, '?preview=true')).toContain(
      'above the ceiling',
    )
  })

  test.each([-1, 2.5, 1e13, '5'])('[A2] a ceiling of %j', async (tokensPerMinute) => {
    expect(await detail({ ceiling: { tokensPerMinute, sessions: null } })).toContain('ceiling.tokensPerMinute')
  })

  test('[A2] a field or a parameter that there is not', async () => {
    expect(await detail({ roof: 1 })).toContain('roof')
    expect(await detail({}, '?preview=maybe')).toContain('preview')
    expect(await detail({}, '?dry=true')).toContain('dry')
  })

  test('[A1] a pool that there is not', async () => {
    for (const method of ['GET', 'PATCH'])
      expect(await house.ask(method, `${pools}/azure`, method === 'GET' ? {} : { body: {} })).toMatchObject({
        status: 404,
      })
  })
})
