// The outbox on rosters in memory: its schedule, its claims, its bounds.
import { beforeEach, expect, test } from 'vitest'
import { hookRestsMs, messageClaimMs, messageRetriesMs, messagesWaiting, messageWaitMsMost } from '../../src/limits.ts'
import { claim, drop, expire, nextAt, put, settle, type Claim, type Outbox, type Settled } from '../../src/outbox.ts'
import { MapRoster } from '../../src/roster-map.ts'

const hooks = ['h1', 'h2']
let box: Outbox

beforeEach(() => {
  const rosters = new Map<string, MapRoster>()
  const of = (name: string): MapRoster => {
    if (!rosters.has(name)) rosters.set(name, new MapRoster())
    return rosters.get(name) as MapRoster
  }
  box = {
    waiting: of('waiting'),
    due: (hook) => of(`due ${hook}`),
    failed: (hook) => of(`failed ${hook}`),
    failures: of('failures'),
    rests: of('rests'),
  }
})

function taken(now: number): Claim {
  const claimed = claim(box, hooks, now)
  if (claimed.is === 'none') throw new Error(`nothing is due before ${claimed.at}`)
  return claimed.claim
}

const fail = (one: Claim, now: number, chance = 0): Settled => settle(box, one, false, hooks, chance, now)
const succeed = (one: Claim, now: number): Settled => settle(box, one, true, hooks, 0, now)

test('[A5] a message is tried at once, then after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, and given up after the tenth', () => {
  put(box, 'm', ['h1'], hooks, 0)
  const seconds: number[] = []
  for (let now = 0, last: Settled = 'retried'; last === 'retried';) {
    seconds.push(now / 1000)
    last = fail(taken(now), now)
    now = nextAt(box, hooks) ?? now
    if (seconds.length === 10) expect(last).toBe('gave_up')
  }
  const hour = 3_600
  const delays = [5, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
  expect(seconds.slice(1).map((at, i) => at - (seconds[i] ?? 0))).toEqual(delays)
  expect([box.waiting.size(), nextAt(box, hooks)]).toEqual([0, null])
  expect(claim(box, hooks, 1e14)).toEqual({ is: 'none', at: null })
})

test('[A5] ten attempts are made also where each takes as long as it may, and each wait its fifth more', () => {
  put(box, 'm', ['h1'], hooks, 0)
  const outcomes: Settled[] = []
  for (let now = 0; outcomes.at(-1) !== 'gave_up'; now = nextAt(box, hooks) ?? now) {
    expect(expire(box, hooks, now)).toEqual([])
    outcomes.push(fail(taken(now), now + messageClaimMs - 1, 1))
  }
  expect(outcomes).toHaveLength(10)
})

test('[A5] however many wait for an endpoint that fails, none is tried or kept after 91 hours', () => {
  const gaveUp: string[] = []
  for (let i = 0; i < 400; i++) put(box, `m${i}`, ['h1'], hooks, i * 60_000)
  const hour = 3_600_000
  let [attempts, now] = [0, 0]
  for (; box.waiting.size() > 0; now = nextAt(box, hooks) ?? now) {
    gaveUp.push(...expire(box, hooks, now))
    const claimed = claim(box, hooks, now)
    if (claimed.is === 'none') continue
    const { message } = claimed.claim
    expect(now - (box.waiting.get(message) as number)).toBeLessThan(91 * hour)
    attempts++
    if (fail(claimed.claim, now) === 'gave_up') gaveUp.push(message)
  }
  expect(new Set(gaveUp).size).toBe(400)
  expect(now).toBeLessThan(400 * 60_000 + 91 * hour + 600_000)
  expect(attempts).toBeGreaterThan(1_000) // one each five minutes
})

test('[A5] a message that has waited for too long is over for each of its hooks, in the moment in which it has', () => {
  put(box, 'm', ['h1', 'h2'], hooks, 7)
  put(box, 'later', ['h1'], hooks, 8)
  fail(taken(7), 7)
  expect(expire(box, hooks, 6 + messageWaitMsMost)).toEqual([])
  expect(expire(box, hooks, 7 + messageWaitMsMost)).toEqual(['m'])
  expect([box.due('h1').first(9), box.due('h2').size(), box.failed('h1').size()]).toEqual([['later'], 0, 0])
  expect(box.waiting.first(9)).toEqual(['later'])
})

test('[A5] a message whose next attempt would come too late is given up at once', () => {
  for (const [early, settled] of [
    [1, 'retried'],
    [0, 'gave_up'],
  ] as const) {
    put(box, 'm', ['h1'], hooks, 0)
    const now = messageWaitMsMost - 5_000 - early
    expect(fail(taken(now), now)).toBe(settled)
    drop(box, 'h1', hooks)
  }
})

test('[A5] the wait is a fifth longer at most, as chance has it, and never shorter', () => {
  for (const [chance, wait] of [
    [0, 5_000],
    [0.5, 5_500],
    [1, 6_000],
  ] as const) {
    put(box, `m${chance}`, ['h1'], hooks, 0)
    fail(taken(0), 0, chance)
    expect(box.due('h1').get(`m${chance}`)).toBe(wait)
    drop(box, 'h1', hooks)
  }
})

test('[A5] what one has taken no other has, until its claim runs out', () => {
  put(box, 'm', ['h1'], hooks, 0)
  const first = taken(0)
  expect(claim(box, hooks, messageClaimMs - 1)).toEqual({ is: 'none', at: messageClaimMs })
  const second = taken(messageClaimMs)
  expect([second.message, second.until]).toEqual(['m', 2 * messageClaimMs])
  expect(fail(first, messageClaimMs)).toBe('nothing') // the second one has it
  expect(box.due('h1').get('m')).toBe(second.until)
  expect(succeed(first, messageClaimMs)).toBe('delivered') // late, and told all the same
  expect(succeed(second, messageClaimMs)).toBe('nothing')
})

test('[A5] a message waits until each of its hooks was told', () => {
  put(box, 'm', ['h1', 'h2'], hooks, 0)
  expect(succeed(taken(0), 0)).toBe('delivered')
  expect(box.waiting.size()).toBe(1)
  expect(succeed(taken(0), 0)).toBe('delivered')
  expect([box.waiting.size(), nextAt(box, hooks)]).toEqual([0, null])
})

test('[A5] what has been due for longer goes first, whichever hook it is for', () => {
  put(box, 'b', ['h2'], hooks, 1)
  put(box, 'a', ['h1'], hooks, 2)
  put(box, 'c', ['h1'], hooks, 0)
  expect([taken(9), taken(9), taken(9)].map(({ message }) => message)).toEqual(['c', 'b', 'a'])
})

test('[A5] a hook that fails is tried with one message at a time, after rests that grow; the others go on', () => {
  for (const message of ['m1', 'm2', 'm3', 'm4']) put(box, message, ['h1'], hooks, 0)
  const together = [taken(0), taken(0)]
  expect(together.map((one) => fail(one, 0))).toEqual(['retried', 'retried'])
  expect(box.failures.get('h1')).toBe(1) // they failed as one
  put(box, 'm5', ['h2'], hooks, 0)
  const other = taken(0)
  expect([other.hook, succeed(other, 0)]).toEqual(['h2', 'delivered'])
  let now = 0
  for (const rest of [...hookRestsMs, hookRestsMs.at(-1) ?? 0]) {
    expect(claim(box, ['h1'], now + rest - 1)).toMatchObject({ is: 'none', at: now + rest })
    now += rest
    const probe = taken(now)
    expect(probe.hook).toBe('h1')
    expect(claim(box, ['h1'], now)).toEqual({ is: 'none', at: probe.until }) // one at a time
    fail(probe, now)
  }
  now += hookRestsMs.at(-1) ?? 0
  expect(succeed(taken(now), now)).toBe('delivered')
  expect([taken(now), taken(now)].map(({ hook }) => hook)).toEqual(['h1', 'h1']) // it is back
})

test('[A5] a rest keeps no message longer than its own wait', () => {
  for (const [i, rest] of hookRestsMs.entries()) expect(rest).toBeLessThanOrEqual(messageRetriesMs[i] ?? 0)
})

test(`[A5] of more than ${messagesWaiting} messages that wait the oldest is dropped, with all that was owed of it`, () => {
  for (let i = 0; i < messagesWaiting; i++) expect(put(box, `m${i}`, ['h1', 'h2'], hooks, i)).toEqual([])
  expect(put(box, 'late', ['h1'], hooks, messagesWaiting)).toEqual(['m0'])
  expect([box.waiting.size(), box.due('h1').size(), box.due('h2').size()]).toEqual([
    messagesWaiting,
    messagesWaiting,
    messagesWaiting - 1,
  ])
  expect(box.due('h1').get('m0')).toBeUndefined()
})

test('[A5] a hook that is dropped is owed nothing: what waited for it alone is over', () => {
  put(box, 'both', ['h1', 'h2'], hooks, 0)
  put(box, 'one', ['h1'], hooks, 0)
  fail(taken(0), 0)
  expect(drop(box, 'h1', hooks)).toEqual(['one'])
  expect([box.due('h1').size(), box.failed('h1').size(), box.failures.size(), box.rests.size()]).toEqual([0, 0, 0, 0])
  expect(box.waiting.first(9)).toEqual(['both'])
})
