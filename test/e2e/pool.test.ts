// One upstream quota under several tenants: who waits when it is nearly used, what comes back, who shares with whom.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startBroker, type Broker, type MadeTenant, type TenantBody } from '../support/broker.ts'
import { Caller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { soonMs } from '../support/soon.ts'

interface Unit {
  ceiling: number | null
  has: number
  wants: number
  granted: number
  use: number | null
  headroom: number | null
}
type Pool = { desks: number; tokens_last_minute: number } & Record<'tokens' | 'sessions', Unit>

let broker: Broker
let callers: Caller[] = []
let tenants: MadeTenant[] = []
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.close())
beforeEach(() => ceiling(null, null))
afterEach(async () => {
  for (const caller of callers.splice(0)) caller.vanish()
  for (const tenant of tenants.splice(0)) await broker.quiet(tenant, 3_000)
  await eventually(pool, ({ sessions, tokens }) => sessions.granted + tokens.granted === 0, 3_000)
})

async function ceiling(tokensPerMinute: number | null, sessions: number | null, more: object = {}): Promise<void> {
  const { status, body } = await broker.admin('PATCH', '/pools/openai', {
    ceiling: { tokensPerMinute, sessions },
    floors: {},
    ...more,
  })
  if (status !== 200) throw new Error(JSON.stringify(body))
}

async function pool(): Promise<Pool> {
  return (await broker.admin('GET', '/pools/openai')).body as unknown as Pool
}

async function tenant(settings: TenantBody): Promise<MadeTenant> {
  const made = await broker.tenant(settings)
  tenants.push(made)
  return made
}

/** Calls, and waits for its first word: put through at once, or told to wait. */
async function call({ key }: MadeTenant): Promise<{ caller: Caller; is: 'live' | 'waits' }> {
  const caller = new Caller(broker.wsUrl, key)
  callers.push(caller)
  await caller.until(() => caller.events.length > 0, 'a first event')
  return { caller, is: caller.types[0] === 'session.created' ? 'live' : 'waits' }
}

async function calls(of: MadeTenant, count: number): Promise<Caller[]> {
  const made: Caller[] = []
  while (made.length < count) made.push((await call(of)).caller)
  return made
}

const through = (caller: Caller): boolean => caller.types.includes('session.created')

test('[P2] as the quota fills trial waits first, then starter, then growth; scale enters last', async () => {
  await ceiling(null, 20) // 14 for trial, 16 for starter, 17 for growth
  const [big, trial, starter, growth] = [
    await tenant({ plan: 'scale' }),
    await tenant({ plan: 'trial' }),
    await tenant({ plan: 'starter' }),
    await tenant({ plan: 'growth' }),
  ]
  for (const caller of await calls(big, 14)) expect(through(caller)).toBe(true)
  expect((await call(trial)).is).toBe('waits')
  for (const [one, most] of [
    [starter, 2],
    [growth, 1],
    [big, 17],
  ] as const) {
    await calls(one, most === 17 ? 4 : most + 1)
    await eventually(
      () => broker.lines(one),
      ({ live, waiting }) => live === most && waiting === 1,
    )
  }
  expect(await broker.lines(trial)).toMatchObject({ live: 0, waiting: 1 })
  const { body } = await broker.ask('GET', '/v1/queue', trial.key)
  expect(body['data']).toMatchObject([{ position: 1, short: 'sessions' }])
})

test('[P2] who has a floor enters on it, however full the quota is for others', async () => {
  const [big, other] = [await tenant({ plan: 'scale' }), await tenant({ plan: 'scale' })]
  await ceiling(null, 4, { floors: { [big.id]: { sessions: 2 } } })
  await calls(other, 3)
  expect(await broker.lines(other)).toMatchObject({ live: 2, waiting: 1 })
  const answers: string[] = []
  for (let i = 0; i < 3; i++) answers.push((await call(big)).is)
  expect(answers).toEqual(['live', 'live', 'waits'])
})

test('[P5] [P9] what one gives back the other has within a second, until both have the same', async () => {
  await ceiling(null, 4)
  const [a, b] = [await tenant({ plan: 'scale' }), await tenant({ plan: 'scale' })]
  const first = await calls(a, 6)
  const second = await calls(b, 4)
  expect(first.filter(through)).toHaveLength(4)
  expect(second.filter(through)).toHaveLength(0)
  for (const [i, caller] of first.slice(0, 2).entries()) {
    await caller.hangUp()
    const freeAt = performance.now()
    await second[i]?.next('session.created')
    expect(performance.now() - freeAt).toBeLessThan(soonMs)
  }
  expect([await broker.live(a), await broker.live(b)]).toEqual([2, 2])
  // Now the next one that frees is due to the one who has less.
  await first[2]?.hangUp()
  await first[4]?.next('session.created')
  expect([await broker.live(a), await broker.live(b)]).toEqual([2, 2])
})

test('[P1] [P3] near the ceiling of tokens callers wait for tokens, and are put through when it rises', async () => {
  await ceiling(3 * 6_000, null)
  const one = await tenant({ plan: 'scale' })
  const [, , , fourth] = await calls(one, 4)
  expect(await broker.lines(one)).toMatchObject({ live: 3, waiting: 1 })
  const { body } = await broker.ask('GET', '/v1/queue', one.key)
  expect(body['data']).toMatchObject([{ position: 1, short: 'tokens' }])
  const since = performance.now()
  await ceiling(4 * 6_000, null)
  await fourth?.next('session.created')
  expect(performance.now() - since).toBeLessThan(soonMs)
  expect(fourth?.of('session.created')).toHaveLength(1)
})

test('[P2] a ceiling that is lowered ends no call, and lets nobody in until calls have ended', async () => {
  const one = await tenant({ plan: 'scale' })
  const live = await calls(one, 3)
  await ceiling(null, 2)
  const { caller, is } = await call(one)
  expect(is).toBe('waits')
  await live[0]?.hangUp()
  expect(await broker.lines(one)).toMatchObject({ live: 2, waiting: 1 })
  await live[1]?.hangUp()
  await caller.next('session.created')
  expect(await broker.lines(one)).toMatchObject({ live: 2, waiting: 0 })
})

test('[P9] an idle tenant holds no grant; use and headroom are on the page', async () => {
  await ceiling(60_000, 10)
  const one = await tenant({ plan: 'scale' })
  const live = await calls(one, 3)
  const busy = await eventually(pool, ({ sessions }) => sessions.has === 3)
  expect(busy).toMatchObject({
    desks: 1,
    tokens: { has: 18_000, use: 0.3, headroom: 0.7 },
    sessions: { ceiling: 10, use: 0.3 },
  })
  expect(await broker.metric('trunkline_pool_use_ratio', { pool: 'openai', unit: 'sessions' })).toBeCloseTo(0.3)
  expect(await broker.metric('trunkline_pool_headroom_ratio', { pool: 'openai', unit: 'tokens' })).toBeCloseTo(0.7)
  for (const caller of live) await caller.hangUp()
  const since = performance.now()
  await eventually(pool, ({ tokens, sessions }) => tokens.granted + sessions.granted === 0, 1_000)
  expect(performance.now() - since).toBeLessThan(soonMs)
})

test('[P6] what is debited is measured by the pool, and what a provider reports counts when it is more', async () => {
  const one = await tenant({ plan: 'scale' })
  const before = (await pool()).tokens_last_minute
  const { caller } = await call(one)
  caller.send({ type: 'response.create' })
  const done = await caller.next('response.done')
  const { total_tokens } = (done['response'] as { usage: { total_tokens: number } }).usage
  await caller.hangUp()
  const { tokens_last_minute } = await eventually(pool, (reading) => reading.tokens_last_minute > before)
  expect(tokens_last_minute - before).toBe(total_tokens)
})

test('[H6] a tenant that refuses what it cannot serve is told that the quota is short, not its lines', async () => {
  await ceiling(null, 1)
  const one = await tenant({ plan: 'scale', overflow: 'event' })
  await calls(one, 1)
  const { caller } = await call(one)
  expect(await caller.error()).toMatchObject({ type: 'rate_limit_error', code: 'upstream_capacity' })
  expect(await caller.closing()).toMatchObject({ code: 1013 })
})
