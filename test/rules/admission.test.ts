// Desks and their pool in conversation: who is let in now, who is put through later, and what holds whatever the network does.
import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { Admissions } from '../../src/admission.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { SqlDesk } from '../../src/desk.ts'
import { freedMs, leaseTtlMs, learningMs, shareAgainMs, shareMs, shareTimeoutMs } from '../../src/limits.ts'
import { PoolChange } from '../../src/pool-settings.ts'
import type { PoolAsk } from '../../src/ports.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { settle } from './host.ts'
import { deciding, load, said, World, type House } from './pool-world.ts'
import { still } from '../support/words.ts'

let world: World
beforeEach(() => {
  world = new World(10)
  return () => world.close()
})

test('[P1] a caller whose desk has no grant yet is let in by one word with the pool', async () => {
  const a = world.house('ten_a')
  expect(await a.enter('a1')).toBe('granted')
  expect([a.live, world.pool.read(world.clock.now()).units.tokens.has]).toEqual([1, load])
})

test.each([-600_000, -31_000, 31_000, 600_000])(
  '[P2] [G11] a pool whose clock is %i ms ahead gives as any other, for as long as a lease from when it was asked',
  async (skewMs) => {
    Object.assign(world, { skewMs, prompt: false })
    const a = world.house('ten_a')
    const [admission, askedAt] = [a.admissions.admit(a.offer('a1')), world.clock.now()]
    for (const _way of ['there', 'back']) {
      await settle()
      world.clock.pass(100)
      world.mail.shift()?.deliver()
    }
    await settle()
    expect(said(await admission)).toBe('granted')
    const tokens = (at: number): number => a.desk.rosters.quota('openai', askedAt + at).tokens
    expect([tokens(leaseTtlMs - 1), tokens(leaseTtlMs)]).toEqual([load, 0])
  },
)

test('[P9] a busy desk has a call of slack: its next caller waits for nobody', async () => {
  const a = world.house('ten_a')
  await a.enter('a1')
  world.prompt = false // nothing arrives any more
  expect(await a.enter('a2')).toBe('granted')
})

test('[P9] a desk with slack left has nothing to tell its pool', async () => {
  const a = world.house('ten_a')
  await a.crowd('a', 3)
  await a.heartbeat()
  a.desk.end(a.ref('a00'), [], lostRecord('m', 1), world.clock.now())
  const { shares } = world
  expect(await a.enter('a3')).toBe('granted') // it has 3 of 4
  expect(world.shares).toBe(shares)
  expect(await a.enter('a4')).toBe('granted')
  expect(world.shares).toBe(shares + 1)
})

test('[P5] a crowd costs a word or two with the pool, not one each', async () => {
  const a = world.house('ten_a')
  expect(await a.crowd('a', 8)).toEqual(Array(8).fill('granted'))
  expect(world.shares).toBeLessThanOrEqual(4)
})

test('[P2] near the ceiling callers wait for tokens, in the queue of their tenant, and are put through as calls end', async () => {
  const a = world.house('ten_a')
  expect((await a.crowd('a', 12)).slice(8)).toEqual(['granted', 'granted', 'queued 0 tokens', 'queued 1 tokens'])
  await a.end('a03')
  expect(a.woken.at(-1)).toBe('a10')
  expect([a.live, a.waiting]).toEqual([10, 1])
})

test('[P2] as the pool fills trial waits first, then starter, then growth, and scale enters last', async () => {
  world.pool.change(PoolChange.parse({ ceiling: { tokensPerMinute: 100 * load, sessions: null } }), world.clock.now())
  const big = world.house('ten_big')
  const plans = ['trial', 'starter', 'growth', 'scale'] as const
  const houses = plans.map((plan) => world.house(`ten_${plan}`, plan, 5))
  /** Fills up to so many calls, lets all say how they stand, and tries one call of each plan. */
  const tried = async (calls: number): Promise<string[]> => {
    while (world.has < calls * load) await big.enter(`big ${world.has}`)
    for (const house of [big, ...houses]) await house.heartbeat()
    return Promise.all(houses.map((house) => house.enter(`at ${calls}`)))
  }
  const [in_, out, behind] = ['granted', 'queued 0 tokens', 'queued 1 tokens']
  expect(await tried(60)).toEqual([in_, in_, in_, in_])
  expect(await tried(72)).toEqual([out, in_, in_, in_])
  expect(await tried(81)).toEqual([behind, out, in_, in_])
  expect(await tried(87)).toEqual(['queued 2 tokens', behind, out, in_])
})

test('[P2] who has a floor enters on it when the pool is full for all others', async () => {
  const change = PoolChange.parse({ floors: { ten_big: { tokensPerMinute: 3 * load } } })
  world.pool.change(change, world.clock.now())
  const [a, big] = [world.house('ten_a'), world.house('ten_big')]
  expect((await a.crowd('a', 10)).filter((answer) => answer === 'granted')).toHaveLength(7)
  expect(await big.crowd('b', 3)).toEqual(['granted', 'granted', 'granted'])
})

test('[P9] what one gives back the other has within a moment, in one word for all that was freed in it', async () => {
  const [a, b] = [world.house('ten_a'), world.house('ten_b')]
  await a.crowd('a', 10)
  await b.crowd('b', 3)
  const { shares } = world
  for (const call of ['a00', 'a01']) await a.end(call)
  expect([b.woken, world.shares]).toEqual([[], shares])
  world.clock.pass(freedMs)
  await settle()
  expect([b.woken, world.shares]).toEqual([['b00', 'b01'], shares + 1])
  await a.end('a02')
  world.clock.pass(freedMs)
  await settle()
  expect(b.woken).toEqual(['b00', 'b01', 'b02'])
})

test('[P9] a caller who comes while what was freed is not given back yet has it, and the pool is not asked', async () => {
  const a = world.house('ten_a')
  await a.crowd('a', 3)
  await a.heartbeat()
  const { shares } = world
  for (const n of [0, 1, 2, 3, 4]) {
    await a.end(`a0${n}`)
    expect(await a.enter(`a0${n + 3}`)).toBe('granted')
  }
  expect(world.shares).toBe(shares)
})

test('[P9] also when the last call was given back the next caller, who comes soon, waits for nobody', async () => {
  const a = world.house('ten_a')
  await a.enter('a1')
  await a.end('a1')
  world.clock.pass(freedMs)
  await settle()
  world.prompt = false // nothing arrives any more
  expect(await a.enter('a2')).toBe('granted')
})

test('[G6] where others of its desk wait what a call had is theirs without delay', async () => {
  const a = world.house('ten_a')
  await a.crowd('a', 11)
  await a.end('a00')
  expect(a.woken.at(-1)).toBe('a10')
})

test('[P5] two equal tenants that both want everything end with equal shares', async () => {
  const [a, b] = [world.house('ten_a'), world.house('ten_b')]
  await a.crowd('a', 30)
  await b.crowd('b', 30)
  expect([a.live, b.live]).toEqual([10, 0])
  for (let i = 0; i < 15; i++) {
    const live = a.desk.records.openCalls().find(({ admitted }) => admitted !== null)
    await a.end(live?.id ?? '')
  }
  expect([a.live, b.live]).toEqual([5, 5])
})

test('[P9] an idle tenant holds no grant, and does not ask for one', async () => {
  const a = world.house('ten_a')
  await a.crowd('a', 3)
  for (const call of ['a00', 'a01', 'a02']) await a.end(call)
  for (let words = 0; words < 2; words++) {
    world.clock.pass(freedMs) // the first may keep one of slack, for a caller who comes at once
    await settle()
  }
  expect(world.pool.read(world.clock.now()).units.tokens).toMatchObject({ has: 0, wants: 0, granted: 0 })
})

test('[P1] who waits for a line keeps nothing of the pool from others', async () => {
  const [a, b] = [world.house('ten_a', 'scale', 2), world.house('ten_b')]
  expect((await a.crowd('a', 9)).slice(1, 4)).toEqual(['granted', 'queued 0 lines', 'queued 1 lines'])
  expect((await b.crowd('b', 8)).filter((answer) => answer === 'granted')).toHaveLength(8)
})

test('[G2] five hundred callers at once at 50 lines and room for 50: 50 are live, 50 wait, 400 find no room', async () => {
  world.pool.change(PoolChange.parse({ ceiling: { tokensPerMinute: 900 * load, sessions: null } }), world.clock.now())
  const a = world.house('ten_a', 'starter', 50)
  const answers = await a.crowd('a', 500)
  const count = (what: string): number => answers.filter((answer) => answer.startsWith(what)).length
  expect([count('granted'), count('queued'), count('full')]).toEqual([50, 50, 400])
  const places = answers.filter((answer) => answer.startsWith('queued'))
  expect(new Set(places)).toEqual(new Set(Array.from({ length: 50 }, (_, i) => `queued ${i} lines`)))
  expect([a.live, a.waiting]).toEqual([50, 50])
})

test('[H6] a tenant without a queue is let in as far as the pool goes, and told when it is the pool that is short', async () => {
  const a = world.house('ten_a', 'scale', 20, 'event')
  const answers = await a.crowd('a', 12)
  expect(answers).toEqual([...Array(10).fill('granted'), 'quota_short', 'quota_short'])
  expect([a.live, a.waiting]).toEqual([10, 0])
})

test('[S3] a pool that takes its time lets the caller wait, and it is put through when the answer comes', async () => {
  const a = world.house('ten_a')
  world.prompt = false
  const admission = a.admissions.admit(a.offer('a1'))
  await settle()
  world.clock.pass(shareMs)
  expect(said(await admission)).toBe('queued 0 tokens')
  while (world.mail.length > 0) world.mail.shift()?.deliver()
  await settle()
  expect(a.woken).toEqual(['a1'])
  expect(a.faults).toEqual([])
})

test.each([
  { how: 'is lost', lose: true, fault: 'lost' },
  { how: 'never comes', lose: false, fault: 'the pool does not answer' },
])(
  '[P10] where the answer $how live calls go on, newcomers wait, and the next word mends it',
  async ({ lose, fault }) => {
    const a = world.house('ten_a')
    await a.enter('a1')
    world.prompt = false
    await a.heartbeat()
    if (lose) world.mail.shift()?.lose()
    else world.clock.pass(shareTimeoutMs)
    await settle()
    expect(a.faults).toMatchObject([{ message: fault }])
    expect([a.live, world.pool.read(world.clock.now()).units.tokens.has]).toEqual([1, load])
    world.mail.splice(0)
    world.prompt = true
    expect(await a.enter('a2')).toBe('granted')
  },
)

test('[P10] where a caller waits the pool that did not answer is asked again, once a second, until it answers', async () => {
  const a = world.house('ten_a')
  world.prompt = false
  void a.admissions.admit(a.offer('a1'))
  await settle()
  for (let i = 1; i <= 3; i++) {
    world.mail.shift()?.lose()
    await settle()
    world.clock.pass(shareAgainMs - 1)
    await settle()
    expect([world.shares, world.mail.length]).toEqual([i, 0])
    world.clock.pass(1)
    await settle()
    expect([world.shares, world.mail.length]).toEqual([i + 1, 1])
  }
  while (world.mail.length > 0) {
    world.mail.shift()?.deliver()
    await settle()
  }
  expect([a.woken, a.live]).toEqual([['a1'], 1])
  expect(world.clock.waiting).toBe(0)
})

test('[P10] who else asks in the meantime asks for all who wait: there is one next ask, whoever comes', async () => {
  const a = world.house('ten_a')
  world.prompt = false
  const lose = async (): Promise<void> => {
    await settle()
    world.mail.shift()?.lose()
    await settle()
  }
  for (let i = 0; i < 5; i++) {
    void a.admissions.level('openai')
    void a.admissions.admit(a.offer(`a${i}`))
    await lose()
    await lose()
    world.clock.pass(100)
  }
  expect([world.mail.length, world.clock.waiting]).toEqual([0, 1])
  const { shares } = world
  world.clock.pass(shareAgainMs)
  await settle()
  expect(world.shares).toBe(shares + 1)
})

test('[P10] where nobody waits the pool that did not answer is left alone until there is something to tell', async () => {
  const a = world.house('ten_a')
  await a.enter('a1')
  world.prompt = false
  await a.heartbeat()
  world.mail.shift()?.lose()
  await settle()
  const { shares } = world
  expect(world.clock.waiting).toBe(0)
  world.clock.pass(10 * shareAgainMs)
  await settle()
  expect(world.shares).toBe(shares)
})

test('[P10] when no answer comes the pool’s unasked word counts again', async () => {
  const a = world.house('ten_a')
  await a.enter('a1')
  world.prompt = false
  const answer = a.admissions.admit(a.offer('a2')) // has slack
  await settle()
  expect(said(await answer)).toBe('granted')
  world.mail.shift()?.lose()
  await settle()
  world.prompt = true
  expect(a.desk.lacks('openai', world.clock.now())).toBe(true)
  const { grant } = world.pool.share('ten_a', a.desk.ask('openai', world.clock.now()) as PoolAsk, world.clock.now())
  a.desk.regrant('openai', undefined, 'answer', world.clock.now())
  await a.admissions.regrant('openai', grant)
  expect(a.desk.lacks('openai', world.clock.now())).toBe(false)
})

test('[P10] a pool whose store was lost hears of it from its desks, and grants nothing new until all have told what they hold', async () => {
  const [a, b, c] = [world.house('ten_a'), world.house('ten_b'), world.house('ten_c')]
  await a.crowd('a', 6)
  await b.crowd('b', 4)
  world.clock.pass(1)
  world.pool = world.empty()
  await a.heartbeat()
  expect(world.pool.read(world.clock.now()).learning).toBe(true)
  expect([await a.enter('a6'), await c.enter('c0')]).toEqual(['queued 0 tokens', 'queued 0 tokens'])
  await b.heartbeat()
  expect([a.live, b.live, world.pool.read(world.clock.now()).units.tokens.has]).toEqual([6, 4, 10 * load])
  await b.end('b00')
  expect(c.woken).toEqual([])
  world.clock.pass(learningMs)
  for (const one of [a, b, c]) await one.heartbeat()
  expect([a.live, b.live, c.live]).toEqual([6, 3, 1])
  // All have heard of its new life: nothing is to be learned again.
  world.clock.pass(1)
  for (const one of [a, b, c]) await one.heartbeat()
  expect(world.pool.read(world.clock.now()).learning).toBe(false)
})

test('[P1] a desk that nobody owns has nothing to tell a pool', async () => {
  const { sql, transact } = world.open()
  SqlDesk.prepare(sql)
  const told: string[] = []
  const admissions = new Admissions(deciding(new SqlDesk(sql, transact), world.clock), {
    clock: world.clock,
    pools: { share: (pool, ask) => (told.push(pool), world.share('nobody', ask)) },
    wake: () => undefined,
    fault: (error) => told.push(String(error)),
  })
  await admissions.level('openai')
  expect(told).toEqual([])
})

test('[P10] a desk that is cut off keeps its live calls and lets its grant run out', async () => {
  const a = world.house('ten_a')
  await a.crowd('a', 3)
  world.clock.pass(leaseTtlMs - 1)
  for (const call of ['a00', 'a01', 'a02']) a.desk.renew(a.ref(call), null, still, world.clock.now())
  world.clock.pass(1)
  world.prompt = false
  const admission = a.admissions.admit(a.offer('late'))
  await settle()
  world.clock.pass(shareMs)
  expect(said(await admission)).toBe('queued 0 tokens')
  expect(a.live).toBe(3)
})

type Happening =
  | { is: 'enter'; house: number }
  | { is: 'end'; house: number; call: number }
  | { is: 'mail'; which: number; lost: boolean }
  | { is: 'beat'; house: number }
  | { is: 'pass'; ms: number }

const house = fc.nat(2)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant('enter' as const), house }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('end' as const), house, call: fc.nat(20) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constant('mail' as const),
      which: fc.nat(5),
      lost: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('beat' as const), house }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('pass' as const), ms: fc.constantFrom(100, 1_000, 6_000) }) },
)

test(
  '[P2] [P5] however messages are late, out of order or lost: never more than the ceiling, and all that is wanted is used in the end',
  { timeout: 30_000 },
  async () => {
    printSeed('desks and pool')
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 40, maxLength: 120 }), async (happenings) => {
        const busy = new World(6)
        const houses = ['ten_a', 'ten_b', 'ten_c'].map((id) => busy.house(id))
        busy.prompt = false
        let calls = 0
        for (const now of happenings) {
          await happen(busy, houses, now, () => `c${calls++}`)
          expect(busy.has).toBeLessThanOrEqual(6 * load)
        }
        await calm(busy, houses)
        const [live, waiting] = [busy.has / load, houses.reduce((sum, one) => sum + one.waiting, 0)]
        expect(waiting > 0 ? live : 6).toBe(6)
        busy.close()
      }),
      { seed, numRuns: 60 },
    )
  },
)

async function happen(busy: World, houses: House[], now: Happening, name: () => string): Promise<void> {
  if (now.is === 'pass') {
    busy.clock.pass(now.ms)
    for (const { desk } of houses) keepAll(desk, busy.clock.now())
  }
  if (now.is === 'mail') {
    const [message] = busy.mail.splice(now.which % Math.max(1, busy.mail.length), 1)
    if (now.lost) message?.lose()
    else message?.deliver()
  }
  const one = 'house' in now ? houses[now.house] : undefined
  if (one !== undefined && now.is === 'enter') void one.admissions.admit(one.offer(name()))
  if (one !== undefined && now.is === 'beat') void one.admissions.level('openai')
  if (one !== undefined && now.is === 'end') {
    const live = one.desk.records.openCalls().filter(({ admitted }) => admitted !== null)
    const call = live[now.call % Math.max(1, live.length)]?.id
    if (call !== undefined) void one.end(call)
  }
  await settle()
}

/** Every call of the desk is still there, and says so. */
function keepAll(desk: SqlDesk, now: number): void {
  for (const { id, admitted, key, agent, model, pool } of desk.records.openCalls()) {
    const ref = { call: id, tenant: '', key, agent, caller: null, model, pool }
    if (admitted !== null) desk.renew(ref, null, still, now)
    else
      desk.admit(
        { call: id, tenant: '', keyHash: 'hash', model: 'm', agent, caller: null, models: ['m'], unserved: null, pool },
        now,
      )
  }
}

/** From now on everything arrives, and every desk has its heartbeats. */
async function calm(busy: World, houses: House[]): Promise<void> {
  busy.prompt = true
  for (let round = 0; round < 3; round++) {
    for (const message of busy.mail.splice(0)) message.deliver()
    busy.clock.pass(shareTimeoutMs)
    for (const one of houses) {
      keepAll(one.desk, busy.clock.now())
      await one.heartbeat()
    }
  }
}
