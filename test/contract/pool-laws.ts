// What holds of a pool after every word, whatever was said before: P2, P5 and P9 as sentences about its rosters. Knows no home.
import { expect } from 'vitest'
import { granted, type Pool } from '../../src/pool.ts'
import type { Grant } from '../../src/grant.ts'
import { desks, type DeskId } from './pool-commands.ts'

export type Grants = ReadonlyMap<DeskId, Grant>

export function snapshot(pool: Pool, now: number): Grants {
  const silent = (desk: DeskId): boolean => (pool.untils.get(desk) ?? 0) <= now // forgotten with the next word
  return new Map(desks.map((desk) => [desk, { ...granted(pool, desk), ...(silent(desk) && { amount: 0 }) }]))
}

interface Word {
  /** Who spoke; undefined where it was the operator. */
  asking: { desk: DeskId; busy: boolean } | undefined
  risen: readonly DeskId[]
  ceiling: number
  learning: boolean
}

/** An ask that was overtaken: grants and versions are as they were. */
export function checkUntouched(pool: Pool, before: Grants): void {
  for (const [desk, { amount, version }] of before) {
    expect([granted(pool, desk).amount, granted(pool, desk).version]).toEqual([amount, version])
  }
}

export function checkShares(pool: Pool, before: Grants, { asking, risen, ceiling, learning }: Word): void {
  const all = desks.filter((desk) => pool.grants.get(desk) !== undefined).map((desk) => standing(pool, desk, ceiling))
  for (const { desk, amount, has } of all) {
    expect(amount).toBeGreaterThanOrEqual(has) // P2: nobody is hung up
    const { amount: had, version } = before.get(desk) as Grant
    const told = desk === asking?.desk || risen.includes(desk)
    if (told) expect(granted(pool, desk).version).toBeGreaterThan(version) // P1
    else expect([amount, granted(pool, desk).version]).toEqual([had, version])
    if (risen.includes(desk)) expect(amount).toBeGreaterThan(had)
  }
  const served = all.filter(({ desk, amount, has }) => risen.includes(desk) || (desk === asking?.desk && amount > has))
  const [total, kept] = [pool.grants.sum(), pool.kept.sum()]
  // P2: whoever had the last block had it within its threshold, or on its floor, and within what floors keep from it.
  const within = (one: Standing): boolean =>
    total + kept - one.kept <= (one.amount <= one.floor ? Math.max(ceiling, one.top) : one.top)
  if (served.length > 0) expect(served.some(within)).toBe(true)
  if (learning) expect(served).toEqual([]) // P10
  if (!learning) checkServed(pool, all, (one) => total + kept - one.kept + one.step <= room(one, ceiling))
  checkHungry(pool, all)
  checkUnused(all, asking)
  for (const one of served) checkLeast(one, all)
}

type Standing = ReturnType<typeof standing>

function standing(pool: Pool, desk: DeskId, ceiling: number) {
  const value = (of: Exclude<keyof Pool, 'tiers'>): number => pool[of].get(desk) ?? 0
  const [amount, wants, tier] = [value('grants'), value('wants'), value('ranks')]
  const top = ceiling * (pool.tiers[tier]?.threshold ?? 0)
  const step = Math.min(Math.max(1, value('blocks')), wants - amount)
  return {
    desk,
    tier,
    amount,
    wants,
    step,
    top,
    has: value('has'),
    kept: value('kept'),
    block: Math.max(1, value('blocks')),
    floor: value('floors'),
    share: amount / value('weights'),
    weight: value('weights'),
    hungry: amount < wants,
    /** It would fit beside the floors if nobody talked. */
    possible: step <= top - pool.floors.sum(),
  }
}

/** Up to where its next block may go. */
function room({ step, kept, top }: Standing, ceiling: number): number {
  return step <= kept ? Math.max(ceiling, top) : top
}

/** P5: who wants more than it has is hungry; who is hungry and has a floor that is not met is owed. */
function checkHungry(pool: Pool, all: Standing[]): void {
  const hungry = all.filter((one) => one.hungry)
  pool.tiers.forEach((tier, i) => {
    const mine = hungry.filter((one) => one.tier === i)
    expect(tier.hungry.size()).toBe(mine.length)
    for (const { desk, share } of mine) expect(tier.hungry.get(desk)).toBe(share)
  })
  expect(pool.owed.size()).toBe(hungry.filter(({ kept }) => kept > 0).length)
  // P9: who holds more than it wants is known without a look at the others.
  const slack = all.filter(({ amount, wants }) => amount > wants).map(({ desk }) => desk)
  expect(pool.slack.first(pool.slack.size()).toSorted()).toEqual(slack.toSorted())
}

/** P5: for the first of each plan that is still hungry, and for each that is owed a floor, nothing is left. */
function checkServed(pool: Pool, all: Standing[], fits: (one: Standing) => boolean): void {
  const hungry = all.filter((one) => one.hungry)
  pool.tiers.forEach((_, i) => {
    const could = hungry.filter((one) => one.tier === i && one.possible)
    const least = Math.min(...could.map(({ share }) => share))
    const firsts = could.filter(({ share }) => share === least)
    if (firsts.length > 0) expect(firsts.every(fits)).toBe(false)
  })
  expect(hungry.filter(({ kept }) => kept > 0).filter(fits)).toEqual([])
}

/** P9: who asks holds what it wants; a busy one a call more where nobody is hungry, an idle one nothing. */
function checkUnused(all: Standing[], asking: Word['asking']): void {
  const mine = all.find(({ desk }) => desk === asking?.desk)
  if (mine === undefined) return
  const slack = mine.amount - Math.max(mine.wants, mine.has)
  if (slack <= 0) return
  expect(asking?.busy).toBe(true)
  expect(slack).toBeLessThanOrEqual(mine.block)
  expect(all.filter(({ hungry }) => hungry)).toEqual([])
}

/** P5: before its last block it stood no better than any of its plan who is still hungry; a floor of its own is another matter. */
function checkLeast(one: Standing, all: Standing[]): void {
  if (one.floor > 0) return
  const behind = all.filter((other) => other.tier === one.tier && other.hungry && other.possible && other !== one)
  for (const other of behind) expect((one.amount - one.block) / one.weight).toBeLessThanOrEqual(other.share)
}
