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
  asking: DeskId | undefined
  risen: readonly DeskId[]
  ceiling: number
  learning: boolean
}

export function checkShares(pool: Pool, before: Grants, { asking, risen, ceiling, learning }: Word): void {
  const all = desks.filter((desk) => pool.grants.get(desk) !== undefined).map((desk) => standing(pool, desk, ceiling))
  for (const { desk, amount, has } of all) {
    expect(amount).toBeGreaterThanOrEqual(has) // P2: nobody is hung up
    const { amount: had, version } = before.get(desk) as Grant
    const told = desk === asking || risen.includes(desk)
    if (told) expect(granted(pool, desk).version).toBeGreaterThan(version) // P1
    else expect([amount, granted(pool, desk).version]).toEqual([had, version])
    if (risen.includes(desk)) expect(amount).toBeGreaterThan(had)
  }
  const served = all.filter(({ desk, amount, has }) => risen.includes(desk) || (desk === asking && amount > has))
  const [total, kept] = [pool.grants.sum(), pool.kept.sum()]
  // P2: whoever had the last block had it within its threshold, and within what floors keep from it.
  if (served.length > 0) expect(served.some((one) => total + kept - one.kept <= one.top)).toBe(true)
  if (learning) expect(served).toEqual([]) // P10
  checkHungry(pool, all, total + kept, learning)
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

/** P5: the hungry are those who want more than they have; the first of each plan, and who is owed a floor, finds nothing left for it. */
function checkHungry(pool: Pool, all: Standing[], taken: number, learning: boolean): void {
  const hungry = all.filter((one) => one.hungry)
  pool.tiers.forEach((tier, i) => {
    const mine = hungry.filter((one) => one.tier === i)
    expect(tier.hungry.size()).toBe(mine.length)
    for (const { desk, share } of mine) expect(tier.hungry.get(desk)).toBe(share)
    const least = Math.min(...mine.filter(({ possible }) => possible).map(({ share }) => share))
    const firsts = mine.filter(({ possible, share }) => possible && share === least)
    if (!learning && firsts.length > 0) expect(firsts.some((one) => taken - one.kept + one.step > one.top)).toBe(true)
  })
  const owed = hungry.filter(({ kept }) => kept > 0)
  expect(pool.owed.size()).toBe(owed.length)
  if (!learning) for (const one of owed) expect(taken - one.kept + one.step).toBeGreaterThan(one.top)
}

/** P9: who asks holds what it wants; a busy one a call more where nobody is hungry, an idle one nothing. */
function checkUnused(all: Standing[], asking: DeskId | undefined): void {
  const mine = all.find(({ desk }) => desk === asking)
  if (mine === undefined) return
  const slack = mine.amount - Math.max(mine.wants, mine.has)
  if (slack <= 0) return
  expect(mine.has).toBeGreaterThan(0)
  expect(slack).toBeLessThanOrEqual(mine.block)
  expect(all.filter(({ hungry }) => hungry)).toEqual([])
}

/** P5: before its last block it stood no better than any of its plan who is still hungry; a floor of its own is another matter. */
function checkLeast(one: Standing, all: Standing[]): void {
  if (one.floor > 0) return
  const behind = all.filter((other) => other.tier === one.tier && other.hungry && other.possible && other !== one)
  for (const other of behind) expect((one.amount - one.block) / one.weight).toBeLessThanOrEqual(other.share)
}
