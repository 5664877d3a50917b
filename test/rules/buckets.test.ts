// Leaky buckets by name: each alone at the edges, then all of them under any pattern of comings.
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { Buckets } from '../../src/buckets.ts'
import { refusedOverMs } from '../../src/limits.ts'
import { printSeed, seed } from '../contract/seed.ts'

const rate = { burst: 5, perSecond: 2 }
const eachMs = 500
beforeAll(() => printSeed('buckets'))

/** Comes once: true when it was let in. */
function comes(buckets: Buckets, name: string, now: number): boolean {
  const fits = buckets.fits(name, now)
  if (fits) buckets.add(name, now)
  return fits
}

function times(count: number, buckets: Buckets, name: string, now: number): number {
  return Array.from({ length: count }, () => comes(buckets, name, now)).filter(Boolean).length
}

interface Coming {
  name: string
  now: number
}

/** Comings in order of time: crowds, gaps, and gaps as long as a bucket takes to run empty. */
const comings = (names: number) =>
  fc
    .array(
      fc.record({
        name: fc.nat(names - 1).map((n) => `name-${n}`),
        gap: fc.oneof(fc.constant(0), fc.nat(700), fc.nat(4_000)),
      }),
      {
        minLength: 1,
        maxLength: 120,
      },
    )
    .map((steps) => {
      let now = 1_000_000
      return steps.map(({ name, gap }): Coming => ({ name, now: (now += gap) }))
    })

function holds(names: number, property: (all: Coming[]) => void): void {
  fc.assert(fc.property(comings(names), property), { seed, numRuns: 500 })
}

/** When each of this name's comings was let in. */
function letIn(all: readonly Coming[], name: string, most: number): number[] {
  const buckets = new Buckets(rate, most)
  const answers = all.map((one) => comes(buckets, one.name, one.now))
  return all.filter((one, i) => one.name === name && answers[i]).map(({ now }) => now)
}

test('[H6] so many are let in at once, and not one more', () => {
  expect(times(9, new Buckets(rate, 10), 'a', 0)).toBe(5)
})

test('[H6] then one each time that one has run out, at that time and not before', () => {
  const buckets = new Buckets(rate, 10)
  times(5, buckets, 'a', 1_000)
  expect(comes(buckets, 'a', 1_000 + eachMs - 1)).toBe(false)
  expect(times(2, buckets, 'a', 1_000 + eachMs)).toBe(1)
  expect(times(9, buckets, 'a', 1_000 + 3 * eachMs)).toBe(2)
})

test('[H6] a long silence saves up no more than one burst', () => {
  const buckets = new Buckets(rate, 10)
  comes(buckets, 'a', 0)
  expect(times(9, buckets, 'a', 3_600_000)).toBe(5)
})

test('[H6] a bucket that is filled over its edge is full, no more', () => {
  const buckets = new Buckets(rate, 10)
  for (let i = 0; i < 50; i++) buckets.add('a', 0)
  expect(comes(buckets, 'a', eachMs - 1)).toBe(false)
  expect(comes(buckets, 'a', eachMs)).toBe(true)
})

test('[H6] a part of one fills a bucket by that part', () => {
  const buckets = new Buckets(rate, 10)
  for (let i = 0; i < 4; i++) buckets.add('a', 0)
  buckets.refuse('a', 0, 0.25)
  expect([buckets.fits('a', eachMs / 4 - 1), buckets.fits('a', eachMs / 4)]).toEqual([false, true])
})

test('[H6] who is refused in a loop must pause, and no longer than that, whatever it sent', () => {
  const buckets = new Buckets(rate, 10)
  for (let i = 0; i < 5_000; i++) buckets.refuse('a', 0, 0.5)
  expect(buckets.fits('a', refusedOverMs + eachMs - 1)).toBe(false)
  expect(buckets.fits('a', refusedOverMs + eachMs)).toBe(true)
})

test('[H6] one that is taken in does not lessen what a loop has to pause', () => {
  const buckets = new Buckets(rate, 10)
  for (let i = 0; i < 5_000; i++) buckets.refuse('a', 0, 0.5)
  buckets.add('a', 0)
  expect(buckets.fits('a', refusedOverMs + eachMs - 1)).toBe(false)
})

test('[H6] a clock that goes back by an hour gives nothing back, and bars nobody for that hour', () => {
  const buckets = new Buckets(rate, 10)
  times(5, buckets, 'a', 3_600_000)
  expect(comes(buckets, 'a', 0)).toBe(false)
  buckets.add('a', 0)
  expect(comes(buckets, 'a', refusedOverMs + eachMs)).toBe(true)
})

test('[H6] nobody in particular is never refused, and nothing is kept for it', () => {
  const buckets = new Buckets(rate, 10)
  for (let i = 0; i < 9; i++) buckets.add(null, 0)
  expect([buckets.fits(null, 0), buckets.names]).toEqual([true, 0])
})

test('[H6] beyond the bound who came longest ago is forgotten', () => {
  const buckets = new Buckets(rate, 2)
  for (const name of ['a', 'b', 'a']) times(9, buckets, name, 0)
  buckets.add('a', 0)
  buckets.add('c', 0)
  expect([buckets.names, buckets.fits('a', 0), buckets.fits('b', 0)]).toEqual([2, false, true])
})

test('[H6] names whose buckets have run empty are forgotten by and by', () => {
  const buckets = new Buckets(rate, 10)
  for (const name of ['a', 'b', 'c']) buckets.add(name, 0)
  buckets.add('d', eachMs - 1)
  expect(buckets.names).toBe(4)
  buckets.add('e', eachMs)
  expect(buckets.names).toBe(2)
})

test('[H6] whatever comes, no name is refused that stays within its burst', () => {
  holds(8, (all) => {
    const buckets = new Buckets(rate, 3)
    const seen = new Map<string, number>()
    for (const { name, now } of all) {
      const before = seen.get(name) ?? 0
      seen.set(name, before + 1)
      if (before < rate.burst) expect(comes(buckets, name, now)).toBe(true)
    }
  })
})

test('[H6] whatever comes, in no stretch of time more is let in than a burst and the rate', () => {
  holds(2, (all) => {
    const at = letIn(all, 'name-0', 10)
    for (const [i, from] of at.entries()) {
      for (let j = i; j < at.length; j++) {
        expect(j - i + 1).toBeLessThanOrEqual(rate.burst + ((at[j] ?? 0) - from) / eachMs)
      }
    }
  })
})

test('[H6] whatever comes, who keeps to the rate is never refused', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: eachMs, max: 5_000 }), { maxLength: 60 }), (gaps) => {
      const buckets = new Buckets(rate, 10)
      times(rate.burst - 1, buckets, 'a', 0)
      let now = 0
      for (const gap of gaps) expect(comes(buckets, 'a', (now += gap))).toBe(true)
    }),
    { seed, numRuns: 200 },
  )
})

test('[H6] whatever others do, each name is answered as if it were alone', () => {
  holds(4, (all) => {
    const mine = all.filter(({ name }) => name === 'name-0')
    expect(letIn(all, 'name-0', 10)).toEqual(letIn(mine, 'name-0', 10))
  })
})

test('[H6] whoever is forgotten, no name has been let in less often than alone, at any time', () => {
  holds(8, (all) => {
    const alone = letIn(
      all.filter(({ name }) => name === 'name-0'),
      'name-0',
      10,
    )
    const crowded = letIn(all, 'name-0', 2)
    for (const [i, at] of alone.entries()) expect(crowded[i]).toBeLessThanOrEqual(at)
  })
})

test('[H6] whatever comes, no more names are kept than the bound', () => {
  holds(30, (all) => {
    const buckets = new Buckets(rate, 4)
    for (const { name, now } of all) {
      buckets.add(name, now)
      expect(buckets.names).toBeLessThanOrEqual(4)
    }
  })
})
