// Which waiting calls a desk ticks, and when: one alarm for all of them. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { lostRecord } from '../../src/desk-counts.ts'
import { SqlDesk } from '../../src/desk.ts'
import { leaseTtlMs, queueAliveMs, queueUpdateMs, tickAgainMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Key } from '../../src/plan.ts'
import type { TickAnswer } from '../../src/ports.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { ample } from '../support/grants.ts'
import { still } from '../support/words.ts'
import { ref } from '../support/refs.ts'

/** A whole second, so that what is due at a time is due then. */
const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
let store: Store
let desk: SqlDesk

beforeEach(() => {
  store = openSqlite()
  SqlDesk.prepare(store.sql)
  desk = new SqlDesk(store.sql, store.transact)
  const settings = TenantSettings.parse({ name: 'Acme', plan: 'starter', caps: { lines: 1 } })
  desk.registry.putTenant({ ...settings, id: 'ten_1', created_at })
  const key: Key = {
    id: 'k1',
    name: 'k1',
    lines: 9,
    headStartSeconds: 0,
    hint: '…',
    created_at,
    expires_at: null,
    revoked_at: null,
  }
  desk.registry.putKey(key, 'hash')
  desk.regrant('openai', ample, 'answer', start)
  return () => store.close()
})

function admit(call: string, at: number): string {
  const models = ['gpt-realtime']
  const offer = {
    call,
    tenant: 'ten_1',
    keyHash: 'hash',
    model: 'gpt-realtime',
    agent: null,
    caller: null,
    models,
    unserved: null,
  }
  return desk.admit({ ...offer, pool: 'openai' }, start + at).is
}

const due = (at: number): string[] => desk.due(start + at).map(({ call, place }) => `${call} ${place}`)
const nextAt = (): number => (desk.ticks.nextAt ?? NaN) - start

/** What a roster has, in ms from the start. */
const kept = (roster: string): Record<string, number> =>
  Object.fromEntries(
    store
      .sql('SELECT id, value FROM roster WHERE name = ? ORDER BY id', roster)
      .map(({ id, value }) => [id, Number(value) - start]),
  )

/** All that are due say when they want to be ticked again, and from when they may be told of a better place. */
function tick(at: number, next: number, newsAt = next): string[] {
  const called = desk.due(start + at)
  for (const one of called) desk.ticked(one, { is: 'waits', at: start + next, newsAt: start + newsAt }, start + at)
  return called.map(({ call }) => call)
}

/** One line is taken; these wait, one after the other. */
function waiting(...calls: string[]): void {
  admit('live', 0)
  for (const call of calls) expect(admit(call, 0)).toBe('queued')
}

test('[H7] a call that waits is due after 20 s, and then when it says, never early and never later than 20 s', () => {
  waiting('a')
  expect([due(queueAliveMs - 1), nextAt()]).toEqual([[], queueAliveMs])
  expect(tick(20_000, 33_400)).toEqual(['a'])
  expect(nextAt()).toBe(34_000) // on a whole second: those due in one second share an alarm
  expect(tick(34_000, 300_000)).toEqual(['a'])
  expect(nextAt()).toBe(54_000)
  expect(tick(54_000, 10_000)).toEqual(['a']) // what it wants is past
  expect(nextAt()).toBe(55_000)
})

test('[H5] a patience shorter than that is the first tick', () => {
  const tenant = desk.registry.tenant()
  if (tenant !== undefined) desk.registry.putTenant({ ...tenant, plan: 'trial' })
  waiting('a')
  desk.ticks.joined('short', 3_000, start)
  expect(nextAt()).toBe(3_000)
})

test('[G4] an answer keeps the place and the line of its key; no answer is asked for again, until the ticket runs out', () => {
  waiting('a', 'b')
  for (let at = 20_000; at <= 100_000; at += 20_000) {
    const a = desk.due(start + at).find(({ call }) => call === 'a')
    expect(a).toMatchObject({ place: 0 })
    if (a !== undefined) desk.ticked(a, { is: 'waits', at: start + at + 20_000, newsAt: start + at }, start + at)
    if (at > 20_000) continue
    expect(due(at + tickAgainMs - 1)).toEqual([])
    expect(due(at + tickAgainMs)).toEqual(['b 1']) // it was due together with a, and did not answer
  }
  expect(desk.read(start + 100_000)?.lines).toMatchObject({ live: 0, waiting: 1 })
  expect(store.sql("SELECT id, value FROM roster WHERE name = 'leases:k1' AND id = 'a'")).toEqual([
    { id: 'a', value: start + 100_000 + leaseTtlMs },
  ])
  expect(desk.advance(start + 100_000)).toEqual(['a'])
})

test('[H3] [H7] those behind one that leaves hear of it as soon as they may be told', () => {
  waiting('a', 'b', 'c', 'd')
  desk.leave(ref('b'), start + 4_000)
  expect([due(queueUpdateMs - 1), due(queueUpdateMs)]).toEqual([[], ['c 1', 'd 2']])
  expect(due(20_000).toSorted()).toEqual(['a 0', 'c 1', 'd 2']) // a as ever, the others because they have not answered
})

test('[H3] [H7] one that an admin takes out is ticked no more, and those behind it hear of it', () => {
  waiting('a', 'b', 'c')
  expect(desk.queue.remove('b', start + 4_000)).toMatchObject({ call: 'b', position: 2 })
  expect(kept('ticks')).toEqual({ a: queueAliveMs, c: queueUpdateMs })
})

test('[H3] who is ticked hears what the wait at its place is, and null as long as nobody knows', () => {
  waiting('a', 'b')
  expect(desk.due(start + 20_000)).toMatchObject([{ etaMs: null }, { etaMs: null }])
  store.sql("INSERT INTO roster VALUES ('talk', 'calls', 10), ('talk', 'mean', 60000)")
  expect(desk.due(start + 25_000)).toMatchObject([
    { call: 'a', etaMs: 60_000 },
    { call: 'b', etaMs: 120_000 },
  ])
})

test('[H3] [G6] a turn that comes moves all who wait, also while they are being ticked', () => {
  waiting('a', 'b', 'c')
  const called = desk.due(start + 20_000)
  desk.end(ref('live'), [], lostRecord('gpt-realtime', 0), start + 20_001)
  expect(desk.advance(start + 20_001)).toEqual(['a'])
  const answer: TickAnswer = { is: 'waits', at: start + 40_000, newsAt: start + 30_000 }
  for (const one of called) desk.ticked(one, answer, start + 20_002)
  desk.ticks.left('a') // it has heard of it
  expect(desk.read(start + 20_002)?.lines).toMatchObject({ live: 1, waiting: 2 })
  expect(due(29_999)).toEqual([])
  expect(due(30_000)).toEqual(['b 0', 'c 1'])
})

test('[H3] [H7] a turn that comes between two ticks is heard of as soon as it may be told; where none comes nobody is woken for it', () => {
  waiting('a', 'b', 'c')
  tick(20_000, 40_000, 25_000)
  expect([desk.advance(start + 20_500), nextAt()]).toEqual([[], 40_000])
  desk.leave(ref('nobody'), start + 20_600)
  expect(nextAt()).toBe(40_000)
  desk.end(ref('live'), [], lostRecord('gpt-realtime', 0), start + 21_000)
  expect(desk.advance(start + 21_000)).toEqual(['a'])
  expect([due(24_999), due(25_000)]).toEqual([[], ['b 0', 'c 1']])
})

test('[H3] who comes forward and is to be ticked before it may be told is not ticked later for it', () => {
  waiting('a', 'b')
  tick(20_000, 22_000, 35_000)
  desk.leave(ref('a'), start + 21_000)
  expect([nextAt(), due(22_000)]).toEqual([22_000, ['b 0']])
})

test('[H3] news that may be told long since are told at once', () => {
  waiting('a', 'b')
  tick(20_000, 40_000, 5_000)
  desk.leave(ref('a'), start + 30_000)
  expect(nextAt()).toBe(30_000)
})

test('[H7] a call that asks again is ticked no sooner and no later for it', () => {
  waiting('a')
  tick(20_000, 40_000, 30_000)
  expect(admit('a', 25_000)).toBe('queued')
  expect([nextAt(), kept('news')]).toEqual([40_000, { a: 30_000 }])
})

test('[H7] nothing is kept of a call that waits no more', () => {
  waiting('a', 'b', 'c')
  desk.leave(ref('a'), start + 1_000)
  desk.end(ref('live'), [], lostRecord('gpt-realtime', 0), start + 2_000)
  expect(desk.advance(start + 2_000)).toEqual(['b'])
  desk.ticks.left('b') // it has heard of it
  expect(kept('news')).toEqual({ c: queueUpdateMs })
  desk.read(start + leaseTtlMs) // finds the ticket of the last run out
  expect(desk.due(start + leaseTtlMs)).toEqual([])
  expect([kept('ticks'), kept('news')]).toEqual([{}, {}])
})

test('[H7] a tick that nobody asked for, of a call that nobody knows, changes nothing', () => {
  waiting('a')
  for (const answer of [{ is: 'left' }, { is: 'lost' }, { is: 'waits', at: start, newsAt: start }] as const)
    desk.ticked({ call: 'nobody', place: 0 }, answer, start + 1_000)
  expect([kept('ticks'), kept('news')]).toEqual([{ a: queueAliveMs }, { a: queueUpdateMs }])
})

test('[C1] [G4] a call that was reset is out of the queue at its tick, with one record', () => {
  waiting('a', 'b')
  const [a] = desk.due(start + 20_000)
  if (a !== undefined) desk.ticked(a, { is: 'lost' }, start + 20_000)
  if (a !== undefined) desk.ticked(a, { is: 'lost' }, start + 20_001)
  expect(desk.records.get('a')).toMatchObject({
    ended: start + 20_000,
    record: { outcome: { why: 'call_reset' }, waitedMs: 20_000, liveMs: 0 },
  })
  expect(desk.read(start + 20_001)?.lines.waiting).toBe(1)
  expect(due(25_000)).toEqual(['b 0'])
})

test('[G4] a call that says goodbye gives its place up, and its record is left to it', () => {
  waiting('a')
  const [a] = desk.due(start + 20_000)
  if (a !== undefined) desk.ticked(a, { is: 'left' }, start + 20_000)
  expect(desk.read(start + 20_001)?.lines.waiting).toBe(0)
  expect(desk.records.get('a')?.ended).toBeNull()
  expect([desk.ticks.nextAt, due(60_000)]).toEqual([undefined, []])
})

test('[G4] what a call says that has left in the meantime brings nothing of it back', () => {
  waiting('a')
  const [a] = desk.due(start + 20_000)
  desk.leave(ref('a'), start + 20_001)
  if (a !== undefined) desk.ticked(a, { is: 'waits', at: start + 40_000, newsAt: start + 30_000 }, start + 20_002)
  expect([kept('ticks'), kept('news'), kept('tickets'), kept('leases:k1')['a']]).toEqual([{}, {}, {}, undefined])
})

test('[G6] what a call says that was seated in the meantime takes nothing from it', () => {
  for (const answer of [{ is: 'left' }, { is: 'lost' }, { is: 'waits', at: start + 40_000, newsAt: start }] as const) {
    const [live, call] = [`live, ${answer.is}`, `a, ${answer.is}`]
    admit(live, 0)
    expect(admit(call, 0)).toBe('queued')
    const [one] = desk.due(start + 20_000)
    desk.end(ref(live), [], lostRecord('gpt-realtime', 0), start + 20_001)
    expect(desk.advance(start + 20_001)).toEqual([call])
    if (one !== undefined) desk.ticked(one, answer, start + 20_002)
    expect(desk.read(start + 20_003)?.lines).toMatchObject({ live: 1, waiting: 0 })
    expect(desk.records.get(call)?.ended).toBeNull()
    desk.ticks.left(call) // it has heard that it was seated
    expect(desk.ticks.nextAt).toBeUndefined()
    desk.end(ref(call), [], lostRecord('gpt-realtime', 0), start + 20_004)
  }
})

test('[G6] a call that is seated is due until it has heard so, or asked, or has ended, or its line ran out', () => {
  const seat = (call: string, at: number): void => {
    desk.end(ref('live'), [], lostRecord('gpt-realtime', 0), start + at)
    expect(desk.advance(start + at)).toEqual([call])
  }
  waiting('a', 'b')
  seat('a', 1_000)
  expect([nextAt(), kept('news')]).toEqual([1_000 + tickAgainMs, { b: queueUpdateMs }])
  expect(desk.due(start + 6_000)).toMatchObject([{ call: 'a', place: null, etaMs: null, refusal: undefined }])
  expect(admit('a', 10_000)).toBe('granted')
  expect(kept('ticks')).toEqual({ b: 15_000 }) // it may hear of its better place
  desk.end(ref('a'), [], lostRecord('gpt-realtime', 0), start + 11_000)
  expect([desk.advance(start + 11_000), kept('ticks')]).toEqual([['b'], { b: 16_000 }])
  expect(due(16_000)).toEqual(['b null'])
  expect([due(11_000 + leaseTtlMs), kept('ticks')]).toEqual([[], {}])
  desk.ticks.joined('c', 60_000, start)
  desk.end(ref('c'), [], lostRecord('gpt-realtime', 0), start + 50_000)
  expect(kept('ticks')).toEqual({})
})

test('[G4] a call that never heard that it was seated, and waits again, keeps its place as all others do', () => {
  waiting('a', 'b')
  desk.end(ref('live'), [], lostRecord('gpt-realtime', 0), start + 1_000)
  expect(desk.advance(start + 1_000)).toEqual(['a'])
  tick(20_000, 40_000)
  const ranOut = 1_000 + leaseTtlMs
  expect([desk.advance(start + ranOut), admit('a', ranOut + 1_000), admit('d', ranOut + 2_000)]).toEqual([
    ['b'],
    'queued',
    'queued',
  ])
  for (let at = ranOut; at < ranOut + 3 * leaseTtlMs; at += 5_000) {
    desk.renew(ref('b'), null, still, start + at)
    tick(at, at + 20_000)
  }
  const places = desk.queue.reading(start + ranOut + 3 * leaseTtlMs)?.data.map(({ call }) => call)
  expect(places).toEqual(['a', 'd'])
})

test('[K3] a call whose key ended while it waits is told so at its tick', () => {
  waiting('a')
  expect(desk.due(start + 20_000)).toMatchObject([{ refusal: undefined }])
  const key = desk.registry.key('k1')
  if (key !== undefined) desk.registry.changeKey({ ...key, expires_at: new Date(start + 21_000).toISOString() })
  expect(desk.due(start + 25_000)).toMatchObject([{ call: 'a', refusal: { why: 'key_withdrawn' } }])
})

test('[L6] a call whose tenant may not talk any more is told so at its tick', () => {
  waiting('a')
  const tenant = desk.registry.tenant()
  if (tenant !== undefined) desk.registry.putTenant({ ...tenant, budgets: { tokensPerDay: 0 } })
  expect(desk.due(start + 20_000)).toMatchObject([{ call: 'a', refusal: { why: 'budget_exhausted' } }])
})

test('[H7] a desk that comes back has kept who is due when; a call whose ticket ran out is due no more', () => {
  waiting('a', 'b')
  tick(20_000, 40_000)
  const again = new SqlDesk(store.sql, store.transact)
  expect(again.ticks.nextAt).toBe(start + 40_000)
  expect(again.due(start + 40_000).map(({ call }) => call)).toEqual(['a', 'b'])
  again.read(start + 20_000 + leaseTtlMs) // finds their tickets run out
  expect(again.due(start + 60_000)).toEqual([])
  expect(again.ticks.nextAt).toBeUndefined()
})

test('[H7] a desk that nobody owns ticks nobody', () => {
  const empty = openSqlite()
  SqlDesk.prepare(empty.sql)
  const nobody = new SqlDesk(empty.sql, empty.transact)
  nobody.ticked({ call: 'a', place: 0 }, { is: 'lost' }, start)
  expect([nobody.due(start), nobody.ticks.nextAt]).toEqual([[], undefined])
  empty.close()
})
