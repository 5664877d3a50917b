// pool.ts: one upstream quota shared among desks. Knows no call, no clock and no store. Rules P1, P2, P5, P9, P10.
import type { Grant } from './grant.ts'
import type { Unit } from './ports.ts'
import type { Roster } from './roster.ts'

export const units = ['tokens', 'sessions'] as const satisfies readonly Unit[]

/** Desk → number, for each. Loads in tokens a minute (or in sessions, where the quota counts those: then every call weighs 1). */
export interface Pool {
  /** Load of its live calls; and of those with the waiting ones. */
  has: Roster
  wants: Roster
  /** What it was granted: never below what it has (P2). */
  grants: Roster
  /** Until when the grant holds (ms), and its version: a desk takes no older one. */
  untils: Roster
  versions: Roster
  /** One call's load: the step in which capacity is given. */
  blocks: Roster
  weights: Roster
  floors: Roster
  /** What of its reserved floor is not granted yet: kept back from all others. */
  kept: Roster
  /** Hungry desks of which some floor is kept → their grant per weight: on that they pass the others of their plan. */
  owed: Roster
  /** Desks that hold more than they want, as they last said → their grant: asked to speak they give it back (P9). */
  slack: Roster
  /** Index of its plan's tier. */
  ranks: Roster
  /** The number of its last ask. */
  asks: Roster
  tiers: readonly Tier[]
}

/** The desks of one plan tier that are hungry → their grant per weight; they are served up to this share of the ceiling. */
export interface Tier {
  threshold: number
  hungry: Roster
}

export interface Ask {
  /** Above those of the asks before it. */
  number: number
  has: number
  wants: number
  /** It has calls, or had one since its last word without any: it may hold a slack. */
  busy: boolean
  block: number
  weight: number
  /** Index into the pool's tiers. */
  tier: number
}

/** `learning`: the pool's store was lost, newcomers get nothing until the desks have said what they hold (P10). */
export interface Terms {
  now: number
  ttlMs: number
  ceiling: number
  learning: boolean
}

export interface Shares {
  grant: Grant
  /** Other desks whose grants rose: they are to be told. */
  risen: string[]
  /** Where the desk is left hungry: others that hold more than they want. Asked to speak they give it back. */
  idle: string[]
}

/**
 * A desk says what it has and wants, gives back what it does not use, and capacity goes where it is wanted: one call's load at a time to
 * the hungry desk with the least per weight (progressive filling, which is weighted max-min fairness), in the tiers whose threshold is
 * not reached.
 */
export function share(pool: Pool, desk: string, ask: Ask, t: Terms): Shares {
  sweep(pool, t.now)
  if (overtaken(pool, desk, ask.number)) return { grant: granted(pool, desk), risen: [], idle: [] }
  pool.asks.set(desk, ask.number)
  pool.has.set(desk, ask.has)
  pool.wants.set(desk, ask.wants)
  pool.blocks.set(desk, ask.block)
  pool.weights.set(desk, ask.weight)
  pool.ranks.set(desk, ask.tier)
  pool.untils.set(desk, t.now + t.ttlMs)
  for (const { hungry } of pool.tiers) hungry.delete(desk) // its plan may have changed
  give(pool, desk, ask.has)
  const risen = t.learning ? [] : fill(pool, t.ceiling)
  if (!t.learning && ask.busy) slack(pool, desk, ask, t.ceiling)
  const amount = pool.grants.get(desk) ?? 0
  if (amount > ask.wants) pool.slack.set(desk, amount)
  else pool.slack.delete(desk)
  anew(pool, [desk, ...risen], t.now)
  if (ask.wants === 0 && !ask.busy) forget(pool, desk) // P9: who is idle holds nothing, and is not counted
  const grant = granted(pool, desk)
  const idle = grant.amount < ask.wants ? slacking(pool) : []
  return { grant, risen: risen.filter((other) => other !== desk), idle }
}

/** The desk has spoken since: what an ask says that comes so late is not true any more. */
export function overtaken(pool: Pool, desk: string, number: number): boolean {
  return number < (pool.asks.get(desk) ?? 0)
}

/** The ceiling, a threshold or a floor has changed: gives out what there is now, and returns the desks that got some. */
export function refill(pool: Pool, t: Terms): string[] {
  sweep(pool, t.now)
  const risen = t.learning ? [] : fill(pool, t.ceiling)
  anew(pool, risen, t.now)
  return risen
}

export function granted(pool: Pool, desk: string): Grant {
  return { amount: pool.grants.get(desk) ?? 0, version: pool.versions.get(desk) ?? 0 }
}

/** Reserves a floor for a desk, whether it was heard or not: an operator's word. 0 lifts it. */
export function reserve(pool: Pool, desk: string, floor: number): void {
  pool.floors.set(desk, floor)
  const amount = pool.grants.get(desk)
  if (amount !== undefined) give(pool, desk, amount)
  else if (floor > 0) pool.kept.set(desk, floor)
  else pool.kept.delete(desk)
}

export interface Reading {
  has: number
  wants: number
  granted: number
  /** Of reserved floors, not granted yet. */
  kept: number
  desks: number
}

export function read(pool: Pool, now: number): Reading {
  sweep(pool, now)
  return {
    has: pool.has.sum(),
    wants: pool.wants.sum(),
    granted: pool.grants.sum(),
    kept: pool.kept.sum(),
    desks: pool.grants.size(),
  }
}

/** Gives out what is left, block by block; returns the desks that got some, in the order of their first block. */
function fill(pool: Pool, ceiling: number): string[] {
  const risen = new Set<string>()
  for (;;) {
    const desk = next(pool, ceiling)
    if (desk === undefined) return [...risen]
    give(pool, desk, (pool.grants.get(desk) ?? 0) + step(pool, desk))
    risen.add(desk)
  }
}

/** The desk with the least per weight of those that stand first in their tiers or are owed a floor, and whose next block fits. */
function next(pool: Pool, ceiling: number): string | undefined {
  const firsts = pool.tiers.flatMap((tier) => first(pool, tier, ceiling))
  const owed = pool.owed.first(pool.owed.size()).filter((desk) => room(pool, desk, step(pool, desk), ceiling))
  let best: string | undefined
  let least = Infinity
  for (const desk of [...firsts, ...owed]) {
    const share = perWeight(pool, desk)
    if (share < least) [best, least] = [desk, share]
  }
  return best
}

/**
 * Who is next in a tier. Where the first one's block does not fit the others wait behind it, or many light calls would keep a heavy one
 * out for ever; but not behind one that would not fit beside the floors if nobody talked.
 */
function first(pool: Pool, { hungry, threshold }: Tier, ceiling: number): string[] {
  for (let n = 1; ; n *= 2) {
    const firsts = hungry.first(n)
    for (const desk of firsts) {
      const more = step(pool, desk)
      if (room(pool, desk, more, ceiling)) return [desk]
      if (more <= ceiling * threshold - pool.floors.sum()) return []
    }
    if (firsts.length < n) return []
  }
}

/** A busy desk may hold one call more than it wants, so that the next one need not ask; not where anybody is hungry (P9). */
function slack(pool: Pool, desk: string, ask: Ask, ceiling: number): void {
  const amount = pool.grants.get(desk) ?? 0
  const nobodyHungry = pool.tiers.every(({ hungry }) => hungry.size() === 0)
  if (nobodyHungry && room(pool, desk, ask.block, ceiling)) give(pool, desk, amount + ask.block)
}

/** Whether the desk may have this much more: under its tier's threshold, or on its own floor, which is up to the ceiling; others' floors are kept back. */
function room(pool: Pool, desk: string, more: number, ceiling: number): boolean {
  const threshold = pool.tiers[pool.ranks.get(desk) ?? 0]?.threshold ?? 0
  const own = pool.kept.get(desk) ?? 0
  const taken = pool.grants.sum() + pool.kept.sum() - own + more
  return taken <= ceiling * (more <= own ? Math.max(1, threshold) : threshold)
}

/** Sets a grant, and what follows from it: whether the desk is hungry, how much of its floor is kept back. */
function give(pool: Pool, desk: string, amount: number): void {
  pool.grants.set(desk, amount)
  const unmet = (pool.floors.get(desk) ?? 0) - amount
  if (unmet > 0) pool.kept.set(desk, unmet)
  else pool.kept.delete(desk)
  const hungry = pool.tiers[pool.ranks.get(desk) ?? 0]?.hungry
  const share = perWeight(pool, desk)
  const lacks = amount < (pool.wants.get(desk) ?? 0)
  if (lacks) hungry?.set(desk, share)
  else hungry?.delete(desk)
  if (lacks && unmet > 0) pool.owed.set(desk, share)
  else pool.owed.delete(desk)
}

/** Each grant that changed gets a version above all before it, also those of a time that is forgotten. */
function anew(pool: Pool, desks: readonly string[], now: number): void {
  for (const desk of new Set(desks)) pool.versions.set(desk, Math.max(now, (pool.versions.get(desk) ?? 0) + 1))
}

function sweep(pool: Pool, now: number): void {
  for (const late of pool.untils.purge(now)) forget(pool, late)
}

/** Desks that hold more than they want. */
export function slacking({ slack }: Pool): string[] {
  return slack.first(slack.size())
}

/** A desk that wants nothing, or was not heard for a TTL, has no calls left; its floor stays reserved. */
function forget(pool: Pool, desk: string): void {
  pool.untils.delete(desk)
  pool.has.delete(desk)
  pool.wants.delete(desk)
  pool.slack.delete(desk)
  give(pool, desk, 0)
  pool.grants.delete(desk)
}

/** One call's load, or what is still wanted where that is less. */
function step(pool: Pool, desk: string): number {
  const lacking = (pool.wants.get(desk) ?? 0) - (pool.grants.get(desk) ?? 0)
  return Math.min(Math.max(1, pool.blocks.get(desk) ?? 1), lacking)
}

function perWeight(pool: Pool, desk: string): number {
  return (pool.grants.get(desk) ?? 0) / (pool.weights.get(desk) ?? 1)
}
