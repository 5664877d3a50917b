// The brake on storms: by address, by key, by wrong keys; and that nobody pays for another.
import { expect, test } from 'vitest'
import {
  failuresByAddress,
  heldAnswers,
  heldMs,
  stormNames,
  tooSoonMs,
  upgradesByAddress,
  upgradesByKey,
} from '../../src/limits.ts'
import { comer, Storm, type Comer } from '../../src/storm.ts'
import { HandClock, passes } from './host.ts'

const here = '192.0.2.1'
/** Nothing that is to come later comes. */
const never = { after: () => () => undefined }

/** How many of so many upgrades at once are taken in. */
function taken(storm: Storm, who: Comer, times: number, now = 0): number {
  return Array.from({ length: times }, () => storm.take(who, now)).filter((refusal) => refusal === undefined).length
}

/** An address that came too often with wrong keys. */
function barred(): Storm {
  const storm = new Storm(never)
  for (let i = 0; i < failuresByAddress.burst; i++) storm.wrong(comer(here, `wrong-${i}`), 0)
  return storm
}

test('[H6] a thousand callers of one tenant, behind one key and one address, come through at once', () => {
  expect(taken(new Storm(never), comer(here, 'key'), 1_000)).toBe(1_000)
})

test('[H6] a key that comes too fast is refused, and told what is right; from any address', () => {
  const storm = new Storm(never)
  expect(taken(storm, comer(null, 'key'), upgradesByKey.burst + 5)).toBe(upgradesByKey.burst)
  expect(storm.take(comer(here, 'key'), 0)).toEqual({
    why: 'connects_too_fast',
    details: { of: 'key', ...upgradesByKey },
  })
  // Six were refused: they count for two.
  expect(Math.abs(taken(storm, comer(null, 'key'), 100, 1_000) - (upgradesByKey.perSecond - 2))).toBeLessThanOrEqual(1)
})

test('[H6] an address that comes too fast is refused, with any key or none', () => {
  const storm = new Storm(never)
  expect(taken(storm, comer(here, null), upgradesByAddress.burst + 5)).toBe(upgradesByAddress.burst)
  for (const key of ['key', null])
    expect(storm.take(comer(here, key), 0)).toEqual({
      why: 'connects_too_fast',
      details: { of: 'address', ...upgradesByAddress },
    })
  expect(Math.abs(taken(storm, comer(here, null), 100, 1_000) - (upgradesByAddress.perSecond - 2))).toBeLessThanOrEqual(
    1,
  )
})

/** How many come through of a client that comes each so many ms for a minute, after its burst. */
function through(storm: Storm, who: Comer, everyMs: number): number {
  let count = 0
  for (let now = everyMs; now <= 60_000; now += everyMs) count += taken(storm, who, 1, now)
  return count
}

test.each([
  ['two hundred times a second', 5, 0],
  ['as often as a crowd of 1,000 that waits for 8 s', 8, 750],
  ['twice as often as it may', 10, 1_500],
  ['no oftener than it may', 20, 3_000],
])(
  '[H6] a key that comes %s is let in as often as that leaves room for, and again when it slows down',
  (_how, everyMs, passes) => {
    const storm = new Storm(never)
    taken(storm, comer(null, 'key'), upgradesByKey.burst)
    expect(Math.abs(through(storm, comer(null, 'key'), everyMs) - passes)).toBeLessThanOrEqual(10)
    expect(taken(storm, comer(null, 'key'), 1, 61_100)).toBe(1)
  },
)

/** What becomes of one comer: 'in', 'refused', or 'held' for as long as its answer is. */
function outcome(storm: Storm, who: Comer, clock: HandClock): { now: 'in' | 'refused' | 'held' } {
  const seen: { now: 'in' | 'refused' | 'held' } = { now: 'in' }
  if (storm.take(who, clock.now()) === undefined) return seen
  seen.now = 'held'
  void storm.answers(who).then(() => (seen.now = 'refused'))
  return seen
}

/** A key whose burst is used up. */
function spent(clock: HandClock, who = comer(here, 'key')): Storm {
  const storm = new Storm(clock)
  taken(storm, who, upgradesByKey.burst, clock.now())
  return storm
}

test('[H6] the answer to a refused one is held back for a second', async () => {
  const clock = new HandClock()
  const one = outcome(spent(clock), comer(here, 'key'), clock)
  await passes(clock, heldMs - 1)
  expect(one.now).toBe('held')
  await passes(clock, 1)
  expect(one.now).toBe('refused')
})

test('[H6] who waits for its answer and comes again at once is never let in, and comes once a second', async () => {
  const clock = new HandClock()
  const storm = spent(clock)
  let [tries, ins] = [0, 0]
  const loop = async (): Promise<void> => {
    while (clock.now() < 1_060_000) {
      tries++
      if (storm.take(comer(here, 'key'), clock.now()) === undefined) ins++
      else await storm.answers(comer(here, 'key'))
    }
  }
  const loops = Array.from({ length: heldAnswers }, loop)
  await passes(clock, 61_000)
  await Promise.all(loops)
  expect([tries, ins]).toEqual([60 * heldAnswers, 0])
})

test('[H6] one that pauses after its answer is let in', async () => {
  const clock = new HandClock()
  const storm = spent(clock)
  outcome(storm, comer(here, 'key'), clock)
  await passes(clock, heldMs + tooSoonMs - 1)
  expect(outcome(storm, comer(here, 'key'), clock).now).toBe('held')
  await passes(clock, heldMs + tooSoonMs)
  expect(outcome(storm, comer(here, 'key'), clock).now).toBe('in')
})

test('[H6] others of its key are not held up by one that loops at another address', async () => {
  const clock = new HandClock()
  const storm = spent(clock)
  outcome(storm, comer(here, 'key'), clock)
  await passes(clock, heldMs)
  expect(outcome(storm, comer('192.0.2.2', 'key'), clock).now).toBe('in')
})

test('[H6] so many answers are held for one comer, the rest go at once', async () => {
  const clock = new HandClock()
  const storm = spent(clock)
  const all = Array.from({ length: heldAnswers + 3 }, () => outcome(storm, comer(here, 'key'), clock))
  await passes(clock, 0)
  expect(all.filter(({ now }) => now === 'held').length).toBe(heldAnswers)
  expect(all.filter(({ now }) => now === 'refused').length).toBe(3)
})

test('[H6] one that has not paused is told what its key, or its address, may', async () => {
  const clock = new HandClock()
  const storm = new Storm(clock)
  for (const [who, of] of [
    [comer(here, 'key'), 'key'],
    [comer(here, null), 'address'],
  ] as const) {
    void storm.answers(who)
    await passes(clock, heldMs)
    expect(storm.take(who, clock.now())).toMatchObject({ why: 'connects_too_fast', details: { of } })
  }
})

test('[H6] an address that comes in a loop is let in no more until it slows down', () => {
  const storm = new Storm(never)
  taken(storm, comer(here, null), upgradesByAddress.burst)
  expect(through(storm, comer(here, null), 1)).toBe(0)
  expect(taken(storm, comer(here, null), 1, 61_100)).toBe(1)
})

test('[H6] what a key is refused is not taken from its address, nor from another key', () => {
  const storm = new Storm(never)
  taken(storm, comer(here, 'loops'), 5_000)
  expect(taken(storm, comer(here, 'polite'), 5_000)).toBe(upgradesByAddress.burst - upgradesByKey.burst)
})

test('[H6] what an address is refused is not taken from a key that also comes from elsewhere', () => {
  const storm = new Storm(never)
  taken(storm, comer(here, null), 5_000)
  taken(storm, comer(here, 'key'), 5_000)
  expect(taken(storm, comer('192.0.2.2', 'key'), 5_000)).toBe(upgradesByKey.burst)
})

test('[H6] where the host knows no address the key alone counts', () => {
  const storm = new Storm(never)
  expect(taken(storm, comer(null, null), 3_000)).toBe(3_000)
  expect(taken(storm, comer(null, 'a'), 3_000)).toBe(upgradesByKey.burst)
  expect(taken(storm, comer(null, 'b'), 3_000)).toBe(upgradesByKey.burst)
})

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'],
  ['2001:db8::1', '2001:db8:0:0:5:6:7:8'],
  ['2001:db8:0:1::', '2001:db8:0:1:2:3:4:5'],
  ['2001::1', '2001:0:0:0:1:2:3:4'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['2001::1:2:3:4:5:6', '2001:0:1:2:9::'],
  ['192.0.2.1', '::ffff:192.0.2.1'],
])('[H6] %s and %s are one address', (one, other) => {
  expect(comer(one, null)).toEqual(comer(other, null))
})

test.each([
  ['192.0.2.1', '192.0.2.2'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2'],
  ['2001:db8:1:2::1', '2001:db8:1:3::1'],
  ['2001:db8::1', '2001:db9::1'],
  ['2001:db8:1::', '2001:db8::1'],
])('[H6] %s and %s are two', (one, other) => {
  expect(comer(one, null)).not.toEqual(comer(other, null))
})

test('[K6] an address that came too often with wrong keys is refused, then let in once for each second', () => {
  const storm = barred()
  expect(storm.take(comer(here, 'new'), 0)).toEqual({ why: 'keys_wrong' })
  expect(storm.take(comer(here, 'new'), 1_334)).toBeUndefined() // the one refused counts a third
  storm.wrong(comer(here, 'new'), 1_000)
  expect(storm.take(comer(here, 'new'), 1_001)).toEqual({ why: 'keys_wrong' })
})

test('[K6] an address that comes with wrong keys in a loop is let in no more until it slows down', () => {
  const storm = barred()
  expect(through(storm, comer(here, 'new'), 30)).toBe(0)
  expect(storm.take(comer(here, 'new'), 62_100)).toBeUndefined()
})

test('[K6] one wrong key less, and the address is not refused', () => {
  const storm = new Storm(never)
  for (let i = 1; i < failuresByAddress.burst; i++) storm.wrong(comer(here, null), 0)
  expect(storm.take(comer(here, 'new'), 0)).toBeUndefined()
})

test('[K6] another address does not pay', () => {
  expect(barred().take(comer('192.0.2.2', 'new'), 0)).toBeUndefined()
})

test('[K6] a key that was good does not pay for its neighbours, until it is wrong itself', () => {
  const storm = barred()
  storm.good(comer(here, 'good'))
  expect(taken(storm, comer(here, 'good'), 50)).toBe(50)
  expect(storm.take(comer(here, 'new'), 0)).toEqual({ why: 'keys_wrong' })
  storm.wrong(comer(here, 'good'), 0)
  expect(storm.take(comer(here, 'good'), 0)).toEqual({ why: 'keys_wrong' })
})

test('[K6] where the host knows no address a wrong key pays alone', () => {
  const storm = new Storm(never)
  for (let i = 0; i < 500; i++) {
    storm.wrong(comer(null, 'wrong'), 0)
    storm.wrong(comer(null, null), 0)
  }
  expect(storm.take(comer(null, 'wrong'), 0)).toEqual({ why: 'keys_wrong' })
  expect(storm.take(comer(null, 'other'), 0)).toBeUndefined()
  expect(storm.take(comer(null, null), 0)).toBeUndefined()
})

test('[K6] of the good keys those that came last are remembered', () => {
  const storm = barred()
  storm.good(comer(here, 'first'))
  storm.good(comer(here, 'second'))
  storm.good(comer(here, null))
  for (let i = 2; i < stormNames; i++) storm.good(comer(here, `key-${i}`))
  expect(storm.take(comer(here, 'first'), 0)).toBeUndefined()
  storm.good(comer(here, 'first'))
  storm.good(comer(here, 'last'))
  expect(storm.take(comer(here, 'first'), 0)).toBeUndefined()
  expect(storm.take(comer(here, 'last'), 0)).toBeUndefined()
  expect(storm.take(comer(here, 'second'), 0)).toEqual({ why: 'keys_wrong' })
})
