// Two hundred desks of all plans on one pool that was planned for twice its load when four times came: the bare rules on Maps, over time.
import type { Considered, Decision, Regranted } from '../../src/admission.ts'
import { expect, test } from 'vitest'
import { Admissions, type Deciding } from '../../src/admission.ts'
import { advance, conclude, consider, needs, read, release, type Ask, type Desk, type Verdict } from '../../src/gate.ts'
import { ask, held, take, unanswered, type Holding } from '../../src/grant.ts'
import { firstMinuteTokens as load, leaseTtlMs, shareTimeoutMs } from '../../src/limits.ts'
import { planNames, plans, type PlanName } from '../../src/plan.ts'
import type { Admission, Offer, PoolAsk, PoolGrant } from '../../src/ports.ts'
import { granted, read as readPool, reserve, share, type Pool } from '../../src/pool.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { chance } from '../support/dice.ts'
import { HandClock, settle, terms } from './host.ts'

/** In calls. */
const ceiling = 400
const callMs = 180_000
/** How many desks of each plan, how many lines each has, and how many calls it has at a time when four times come and nobody is short. */
const fleet: Record<PlanName, { desks: number; lines: number; calls: number }> = {
  trial: { desks: 100, lines: 5, calls: 1 },
  starter: { desks: 60, lines: 6, calls: 3 },
  growth: { desks: 20, lines: 20, calls: 18 },
  scale: { desks: 20, lines: 40, calls: 8 },
}
/** Starters with so many calls reserved. */
const reserved = ['starter 0', 'starter 1']
const floor = 5

const roster = (): MapRoster => new MapRoster()

interface Waiter {
  call: string
  since: number
}

/** One tenant: the gate, its holding and its conversation, as `SqlDesk` puts them together. */
class House implements Deciding {
  readonly id: string
  readonly plan: PlanName
  readonly admissions: Admissions
  readonly waits: number[] = []
  readonly #world: World
  readonly #desk: Desk
  readonly #holding: Holding = { amounts: roster(), untils: roster(), versions: roster(), asked: roster() }
  readonly #begun = new Set<string>()
  readonly #waiting = new Map<string, Waiter>()

  constructor(world: World, id: string, plan: PlanName) {
    this.#world = world
    this.id = id
    this.plan = plan
    const lines = { of: 'tenant' as const, leases: roster(), cap: fleet[plan].lines }
    const quota = { loads: roster(), wants: roster(), tokens: 0, sessions: Infinity }
    const kept = { queue: roster(), tickets: roster(), places: roster(), memory: roster() }
    this.#desk = { lines: [lines], quotas: [quota], ...kept }
    this.admissions = new Admissions(this, {
      clock: world.clock,
      pools: { share: (_pool, said) => Promise.resolve(world.share(this, said)) },
      wake: (calls) => calls.forEach((call) => this.#begins(call)),
      fault: (error) => world.faults.push(error),
    })
  }

  get live(): number {
    return read(this.desk, this.now).live
  }

  get waiting(): Waiter[] {
    return [...this.#waiting.values()]
  }

  get now(): number {
    return this.#world.clock.now()
  }

  /** With what it may use now. */
  get desk(): Desk {
    const [quota] = this.#desk.quotas
    return { ...this.#desk, quotas: [{ ...quota, tokens: held(this.#holding, 'pool', this.now) }] }
  }

  async enter(call: string): Promise<void> {
    const admission = this.admissions.admit({ call, pool: 'pool' } as Offer)
    await settle()
    const { is } = await admission
    if (is === 'granted') this.#begins(call)
    else this.#waiting.set(call, { call, since: this.now })
  }

  async ends(call: string): Promise<void> {
    release(this.desk, call, this.now)
    void this.admissions.level('pool')
    await settle()
  }

  consider({ call }: Offer): Considered {
    const verdict = consider(this.desk, this.#ask(call), this.#terms)
    return { admission: verdict && admission(verdict), lacks: this.#lacks(verdict) }
  }

  admit({ call }: Offer): Decision {
    const verdict = conclude(this.desk, this.#ask(call), this.#terms)
    return { admission: admission(verdict), lacks: this.#lacks(verdict) }
  }

  ask(): PoolAsk {
    const needed = needs(this.desk, this.desk.quotas[0], this.now)
    ask(this.#holding, 'pool', needed.tokens.has, { now: this.now, answerMs: shareTimeoutMs })
    return {
      number: this.now,
      plan: this.plan,
      needs: needed,
      busy: needed.sessions.has > 0,
      block: load,
      debited: 0,
      epoch: null,
    }
  }

  regrant(_pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word'): Regranted {
    if (grant === undefined) unanswered(this.#holding, 'pool')
    else take(this.#holding, 'pool', grant.tokens, as, { now: this.now, until: this.now + leaseTtlMs })
    return { seated: advance(this.desk, this.#terms), again: false }
  }

  pools(): string[] {
    return ['pool']
  }

  #lacks(verdict: Verdict | undefined): boolean {
    const [{ loads, tokens }] = this.desk.quotas
    return verdict?.is === 'granted' && loads.sum() + load > tokens
  }

  /** A call may be woken before its own answer says so. */
  #begins(call: string): void {
    if (this.#begun.has(call)) return
    this.#begun.add(call)
    this.waits.push(this.now - (this.#waiting.get(call)?.since ?? this.now))
    this.#waiting.delete(call)
    this.#world.begins(this, call)
  }

  #ask(call: string): Ask {
    return { call, quota: this.desk.quotas[0], load }
  }

  /** Its calls are all there as long as they last: leases that run out are another matter. */
  get #terms(): { now: number; ttlMs: number; room: number } {
    return { now: this.now, ttlMs: 1e12, room: 1e9 }
  }
}

function admission(verdict: Verdict): Admission {
  if (verdict.is === 'queued') return { ...verdict, terms, etaMs: null }
  return verdict.is === 'granted'
    ? { is: 'granted', terms }
    : { is: 'full', terms, refusal: { why: 'queue_full', details: { room: 0 } } }
}

class World {
  readonly clock = new HandClock()
  readonly faults: unknown[] = []
  readonly houses: House[]
  readonly #byId: Map<string, House>
  readonly #next = chance(seed)
  readonly #pool: Pool
  #live: { house: House; call: string; end: number }[] = []
  /** Calls that came, and that began; words with the pool, heartbeats not counted. */
  calls = 0
  starts = 0
  words = 0

  constructor() {
    this.#pool = {
      has: roster(),
      wants: roster(),
      grants: roster(),
      untils: roster(),
      versions: roster(),
      blocks: roster(),
      weights: roster(),
      floors: roster(),
      kept: roster(),
      owed: roster(),
      slack: roster(),
      ranks: roster(),
      asks: roster(),
      tiers: planNames.map((plan) => ({ threshold: plans[plan].threshold, hungry: roster() })),
    }
    this.houses = planNames.flatMap((plan) =>
      Array.from({ length: fleet[plan].desks }, (_, i) => new House(this, `${plan} ${i}`, plan)),
    )
    this.#byId = new Map(this.houses.map((house) => [house.id, house]))
    for (const id of reserved) reserve(this.#pool, id, floor * load)
  }

  get has(): number {
    return this.#live.length
  }

  get waiting(): number {
    return this.houses.reduce((sum, { waiting }) => sum + waiting.length, 0)
  }

  get pool(): ReturnType<typeof readPool> {
    return readPool(this.#pool, this.clock.now())
  }

  share(house: House, said: PoolAsk): PoolGrant {
    this.words++
    const [t, { weight }] = [
      { now: this.clock.now(), ttlMs: leaseTtlMs, ceiling: ceiling * load, learning: false },
      plans[house.plan],
    ]
    const before = this.#pool.grants.sum()
    const { number, busy } = said
    const told = { number, busy, ...said.needs.tokens, block: load, weight, tier: planNames.indexOf(house.plan) }
    const { grant, risen } = share(this.#pool, house.id, told, t)
    const served = [...risen.map((id) => this.#byId.get(id) as House), ...(grant.amount > told.has ? [house] : [])]
    this.#within(served, before)
    for (const id of risen) void this.#byId.get(id)?.admissions.regrant('pool', this.#grant(id))
    return this.#grant(house.id)
  }

  /** P2: what rises stays under the threshold of one who got it, or on its floor, and under what others' floors keep from it. */
  #within(served: House[], before: number): void {
    const [sum, kept] = [this.#pool.grants.sum(), this.#pool.kept.sum()]
    if (sum <= before) return
    const under = ({ id, plan }: House): boolean => {
      const top = (this.#pool.floors.get(id) ?? 0) >= (this.#pool.grants.get(id) ?? 0) ? 1 : plans[plan].threshold
      return sum + kept - (this.#pool.kept.get(id) ?? 0) <= ceiling * load * top
    }
    expect(served.some(under)).toBe(true)
  }

  #grant(id: string): PoolGrant {
    return { epoch: 1, ttlMs: 9e13, tokens: granted(this.#pool, id), sessions: { amount: 1e9, version: 1 } }
  }

  begins(house: House, call: string): void {
    this.starts++
    this.#live.push({ house, call, end: this.clock.now() - Math.log(1 - this.#next()) * callMs })
  }

  /** Seconds in which so many times the planned calls come. */
  async pass(seconds: number, times: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.pass(1_000)
      const over = this.#live.filter(({ end }) => end <= this.clock.now())
      this.#live = this.#live.filter(({ end }) => end > this.clock.now())
      for (const { house, call } of over) await house.ends(call)
      for (const [i, house] of this.houses.entries()) {
        const perSecond = (fleet[house.plan].calls * times) / 4 / (callMs / 1_000)
        if (this.#next() < perSecond) await house.enter(`c${this.calls++}`)
        if (second % 10 === i % 10 && (house.live > 0 || house.waiting.length > 0)) await this.#beats(house)
        expect(house.live).toBeLessThanOrEqual(fleet[house.plan].lines)
        if (reserved.includes(house.id) && house.waiting.length > 0) expect(house.live).toBeGreaterThanOrEqual(floor)
      }
      expect(this.has).toBeLessThanOrEqual(ceiling)
    }
  }

  async #beats(house: House): Promise<void> {
    const words = this.words
    void house.admissions.level('pool')
    await settle()
    this.words = words // not of a call's start
  }

  of(plan: PlanName): House[] {
    return this.houses.filter((house) => house.plan === plan)
  }
}

function jain(shares: number[]): number {
  const [sum, squares] = [shares.reduce((a, b) => a + b, 0), shares.reduce((a, b) => a + b * b, 0)]
  return sum ** 2 / (shares.length * squares)
}

test(
  '[P5] where four times come that was planned for twice caps, thresholds and floors hold, equal desks share equally, and all who wait are served',
  { timeout: 60_000 },
  async () => {
    printSeed('overload')
    const world = new World()
    await world.pass(200, 1)
    expect(world.waiting).toBe(0)
    await world.pass(600, 4)
    const growth = world.of('growth')
    const shares = growth.map(({ live }) => live)
    console.info(`${world.waiting} wait; growth has ${shares.join(' ')}: Jain ${jain(shares).toFixed(4)}`)
    expect(growth.every(({ waiting }) => waiting.length > 0)).toBe(true) // each wants everything
    expect(jain(shares)).toBeGreaterThanOrEqual(0.99)
    // Nothing that growth may have is left idle.
    const { granted, kept } = world.pool
    expect(granted + kept + load).toBeGreaterThan(ceiling * load * plans.growth.threshold)
    for (let minute = 0; world.waiting > 0 && minute < 60; minute++) await world.pass(60, 0)
    const longest = planNames.map((plan) => Math.max(...world.of(plan).flatMap(({ waits }) => waits)))
    console.info(
      `longest waits ${longest.map((ms) => `${ms / 1_000} s`).join(', ')}; ${world.words / world.calls} words a call`,
    )
    expect([world.waiting, world.starts]).toEqual([0, world.calls]) // nobody starves
    expect(longest).toEqual(longest.toSorted((a, b) => b - a)) // trial waits longest, scale not at all
    expect(longest.at(-1)).toBe(0)
    expect(world.words / world.calls).toBeLessThanOrEqual(4)
    expect(world.faults).toEqual([])
    for (let minute = 0; world.has > 0 && minute < 60; minute++) await world.pass(60, 0)
    await world.pass(leaseTtlMs / 1_000, 0)
    expect(world.pool).toMatchObject({ has: 0, granted: 0, desks: 0 })
  },
)
