// The same over Redis, with calls that reach their desk by four nodes: steps that never reach Redis, and steps whose answer is lost.
// `TRUNKLINE_REDIS_CALLS=5000` is the long form.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Fcall } from '../../broker/redis/call.ts'
import { RedisDesk } from '../../broker/redis/desk.ts'
import type { TenantSettings } from '../../src/plan-settings.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { Agenda } from '../support/agenda.ts'
import type { Books } from '../support/books.ts'
import { Crash } from '../support/crashes.ts'
import { chance, type Dice } from '../support/dice.ts'
import { PracticeTenant, practiceTenant } from '../support/practice-house.ts'
import { expectAccounts, expectBounded, expectWhole, totalsOf, type Ledger, type Pages } from './accounts.ts'
import { startRedis, timedSource, type Redis } from './redis.ts'

const calls = Number(process.env['TRUNKLINE_REDIS_CALLS'] ?? 150)
const timeout = 30_000 + 100 * calls
/** The hour, the day and the month end while they talk. */
const start = Date.parse('2026-11-30T23:59:00.000Z')
const afterMs = 900_000
const breaksOneIn = 8
const nodes = ['a', 'b', 'c', 'd']

let redis: Redis
let fcall: Fcall
beforeAll(async () => {
  redis = await startRedis()
  fcall = await redis.load(timedSource())
}, 20_000)
afterAll(() => redis?.end())

const tenants: Record<string, Partial<TenantSettings>> = {
  ten_ample: { caps: { lines: 20, agents: {} } },
  ten_hourly: {
    caps: { lines: 6, agents: {} },
    budgets: { tokensPerHour: 4 * calls }, // in proportion: it is spent in mid-run, however long
    callBudgets: { tokensPerHour: 120 },
    shadow: { lines: null, budgets: { tokensPerHour: 300, inputTokensPerHour: 200, outputTokensPerHour: 20 } },
  },
}

/** A way to Redis that fails, by the clock of the house. */
class Ways {
  breaks = false
  broken = { before: 0, after: 0 }
  readonly dice: Dice
  readonly clock: Agenda
  #pending = 0

  constructor(next: () => number) {
    this.dice = { seed, roll: (below) => Math.floor(next() * below) }
    this.clock = new Agenda(start, () => this.#settled())
  }

  readonly fcall: Fcall = async (name, key, ...args) => {
    const { roll } = this.dice
    const when = !this.breaks || roll(breaksOneIn) > 0 ? undefined : roll(2) === 0 ? 'before' : 'after'
    if (when !== undefined) this.broken[when]++
    if (when === 'before') throw new Crash(false, `before ${name}`)
    this.#pending++
    try {
      void redis.send('SET', `${key.slice(0, key.indexOf('}:') + 2)}clock`, String(this.clock.now()))
      const answer = await fcall(name, key, ...args)
      if (when === 'after') throw new Crash(true, `after ${name}`)
      return answer
    } finally {
      this.#pending--
    }
  }

  /** Redis has answered all that it was asked. */
  async #settled(): Promise<void> {
    do await new Promise(setImmediate)
    while (this.#pending > 0)
  }
}

async function ran(deathsOneIn: number, prefix: string): Promise<{ houses: PracticeTenant[]; ways: Ways }> {
  const ways = new Ways(chance(seed))
  const { clock, dice } = ways
  const houses = Object.entries(tenants).map(([name, settings], i) => {
    const id = `${name}_${prefix}`
    let lives = 0
    const open = () => new RedisDesk(id, ways.fcall, { node: nodes[lives++ % nodes.length] as string, epoch: 1 })
    const own = { deathsOneIn, resetEveryMs: 5_000, calls: Math.round((calls * (2 - i)) / 3), gapMs: 1_000 + 2_000 * i }
    return new PracticeTenant(practiceTenant(id, settings), clock, dice, own, open)
  })
  for (const house of houses) await house.begin()
  ways.breaks = true
  await clock.until(() => houses.every(({ done }) => done))
  const over = clock.now() + afterMs
  await clock.until(() => clock.now() > over)
  ways.breaks = false
  await clock.until(() => clock.now() > over + 60_000)
  return { houses, ways }
}

async function ledgerOf(house: PracticeTenant): Promise<Ledger> {
  return { used: await pagesOf(house), cells: await pagesOf(house, 'cells'), split: await pagesOf(house, 'split') }
}

async function pagesOf({ id }: PracticeTenant, part = 'used'): Promise<Pages> {
  const pages = new Map<string, Books>()
  const stem = `trunkline:{${id}}:roster:${part}:`
  for (const key of (await redis.send('KEYS', `${stem}*`)) as string[]) {
    const scored = (await redis.send('ZRANGE', key, '0', '-1', 'WITHSCORES')) as string[]
    const used: Books = {}
    for (let i = 0; i < scored.length; i += 2) used[scored[i] as string] = Number(scored[i + 1])
    pages.set(key.slice(stem.length), used)
  }
  return pages
}

test(
  `[L1] [L6] ${calls} calls by four nodes, over a Redis whose steps are lost and whose answers are: difference 0`,
  { timeout },
  async () => {
    printSeed(`${calls} calls over Redis`)
    const since = performance.now()
    const { houses, ways } = await ran(0, 'kept')
    for (const house of houses) await expectWhole(house, await ledgerOf(house))
    await expectBounded(houses[1] as PracticeTenant)
    console.info(JSON.stringify(ways.broken), `${Math.round(performance.now() - since)} ms`)
    expect(Math.min(ways.broken.before, ways.broken.after)).toBeGreaterThan(calls / 10)
  },
)

test(
  '[L1] over Redis, too, a call whose host dies leaves out what it had not told, no more, and is flagged',
  { timeout },
  async () => {
    const { houses } = await ran(4, 'lost')
    for (const house of houses) await expectAccounts(house, await ledgerOf(house))
    const [ample] = houses as [PracticeTenant]
    expect(totalsOf(await pagesOf(ample), 'month')['lost']).toBeGreaterThan(0)
  },
)
