// The gate's queue: who waits, in which order, and who is seated when something frees.
import { beforeEach, expect, test } from 'vitest'
import {
  admit,
  advance,
  read,
  release,
  rememberedMs,
  renew,
  type Ask,
  type Desk,
  type Terms,
  type Verdict,
} from '../../src/gate.ts'
import { MapRoster } from '../../src/roster-map.ts'

const ttlMs = 30_000
let desk: Desk
let key: { of: 'key'; leases: MapRoster; cap: number }

beforeEach(() => {
  desk = deskOf(1)
  key = { of: 'key', leases: new MapRoster(), cap: 1 }
})

const roster = (): MapRoster => new MapRoster()

function deskOf(cap: number): Desk {
  return {
    lines: [{ of: 'tenant', leases: roster(), cap }],
    loads: roster(),
    queue: roster(),
    wants: roster(),
    tickets: roster(),
    places: roster(),
    memory: roster(),
  }
}

const terms = (now: number, more: Partial<Terms> = {}): Terms => ({ now, ttlMs, grant: Infinity, room: 5, ...more })
const enter = (call: string, now: number, more: Partial<Ask> = {}, t: Partial<Terms> = {}): Verdict =>
  admit(desk, { call, load: 10, ...more }, terms(now, t))
const queued = (place: number, short = 'lines'): object => ({ is: 'queued', place, short })

test('[G2] a call that finds no line gets a place, and the same one when it asks again', () => {
  expect(enter('a', 0)).toEqual({ is: 'granted' })
  expect(enter('b', 1)).toEqual(queued(0))
  expect(enter('c', 2)).toEqual(queued(1))
  expect(enter('b', 3)).toEqual(queued(0))
  expect(enter('a', 4)).toEqual({ is: 'granted' })
})

test('[G2] a call waits for tokens when its load is over what the grant leaves, and is told so', () => {
  desk = deskOf(10)
  expect(enter('a', 0, { load: 60 }, { grant: 100 })).toEqual({ is: 'granted' })
  expect(enter('b', 1, { load: 41 }, { grant: 100 })).toEqual(queued(0, 'tokens'))
  expect(advance(desk, terms(2, { grant: 100 }))).toEqual([])
  expect(advance(desk, terms(3, { grant: 101 }))).toEqual(['b'])
  expect(read(desk, 3)).toEqual({ live: 2, waiting: 0, over: 0, has: 101, wants: 101 })
})

test('[G2] nobody waits for tokens where the grant is not bounded', () => {
  desk = deskOf(3)
  for (const call of ['a', 'b', 'c', 'd']) enter(call, 0)
  release(desk, 'a', 1)
  release(desk, 'b', 1)
  expect(enter('e', 2)).toEqual(queued(1))
  expect(enter('f', 2, {}, { room: 2 })).toEqual({ is: 'full', of: 'room', short: 'lines' })
  expect(enter('e', 2, {}, { grant: 1_000 })).toEqual(queued(1, 'tokens'))
})

test('[G2] what a call is short of is the same when it asks again', () => {
  desk = deskOf(2)
  enter('a', 0, { load: 90 }, { grant: 100 })
  expect(enter('b', 1, { load: 50 }, { grant: 100 })).toEqual(queued(0, 'tokens'))
  expect(enter('b', 2, { load: 50 }, { grant: 100 })).toEqual(queued(0, 'tokens'))
  expect(enter('c', 3, { load: 50 }, { grant: 100 })).toEqual(queued(1, 'lines'))
})

test('[G3] an urgent caller that stands at the head by its head start is granted what is free, at once', () => {
  enter('a', 0)
  enter('b', 9_000)
  release(desk, 'a', 9_500)
  expect(enter('late', 10_000, { headStartMs: 999 })).toEqual(queued(1))
  expect(enter('urgent', 10_000, { headStartMs: 1_001 })).toEqual({ is: 'granted' })
  expect(enter('b', 10_001)).toEqual(queued(0))
})

test('[G2] a full room is full, and nothing of the caller stays', () => {
  enter('a', 0)
  expect(enter('b', 1, {}, { room: 1 })).toEqual(queued(0))
  expect(enter('c', 2, {}, { room: 1 })).toEqual({ is: 'full', of: 'room', short: 'lines' })
  expect(read(desk, 3)).toMatchObject({ live: 1, waiting: 1 })
})

test('[G3] a newcomer does not overtake the queue when a lease ends', () => {
  enter('a', 0)
  enter('b', 1)
  release(desk, 'a', 2)
  expect(enter('c', 3)).toEqual(queued(1))
  expect(enter('b', 4)).toEqual({ is: 'granted' })
})

test('[G3] an urgent caller has a head start, which ages: who has waited longer than it stays ahead', () => {
  enter('a', 0)
  enter('early', 1_000)
  enter('late', 9_000)
  expect(enter('urgent', 10_000, { headStartMs: 5_000 })).toEqual(queued(1))
  expect(enter('late', 10_001)).toEqual(queued(2))
})

test('[G4] a place is kept while its call renews it, and gone when it does not', () => {
  enter('a', 0)
  enter('b', 0)
  enter('c', 0)
  renew(desk, 'a', 10, terms(20_000))
  expect(enter('c', 20_000)).toEqual(queued(1))
  expect(enter('c', 30_000)).toEqual(queued(0))
})

test('[G4] a caller that hangs up while it waits is out of the queue at once', () => {
  enter('a', 0)
  enter('b', 1)
  enter('c', 2)
  release(desk, 'b', 3)
  expect(enter('c', 4)).toEqual(queued(0))
})

test('[G6] when lines free, exactly those who fit are seated, in order', () => {
  desk = deskOf(2)
  for (const [i, call] of ['a', 'b', 'c', 'd', 'e'].entries()) enter(call, i)
  release(desk, 'a', 10)
  release(desk, 'b', 10)
  expect(advance(desk, terms(11))).toEqual(['c', 'd'])
  expect(advance(desk, terms(12))).toEqual([])
  expect(enter('e', 13)).toEqual(queued(0))
})

test('[G6] what ran out makes way: a lease seats the next caller, a ticket does not', () => {
  enter('a', 0)
  enter('gone', 1)
  enter('b', 2)
  enter('b', 20_000)
  expect(advance(desk, terms(ttlMs + 1))).toEqual(['b'])
  expect(read(desk, ttlMs + 1)).toMatchObject({ live: 1, waiting: 0 })
})

test('[G6] a waiting call whose load the store has lost is seated all the same', () => {
  enter('a', 0)
  enter('b', 1)
  desk.wants.delete('b')
  release(desk, 'a', 2)
  expect(advance(desk, terms(3))).toEqual(['b'])
  expect(read(desk, 3)).toMatchObject({ has: 0 })
})

test('[G6] a heavy call at the head is not passed by a light one behind it', () => {
  desk = deskOf(10)
  enter('a', 0, { load: 90 }, { grant: 100 })
  enter('heavy', 1, { load: 50 }, { grant: 100 })
  enter('light', 2, { load: 5 }, { grant: 100 })
  expect(advance(desk, terms(3, { grant: 100 }))).toEqual([])
})

test('[G7] a cap lowered below the live calls ends nobody, and grants nobody until under it', () => {
  desk = deskOf(3)
  for (const call of ['a', 'b', 'c']) enter(call, 0)
  const lowered: Desk = { ...desk, lines: [{ ...desk.lines[0], cap: 1 }] }
  expect(read(lowered, 1)).toMatchObject({ live: 3, over: 2 })
  release(lowered, 'a', 2)
  release(lowered, 'b', 2)
  expect(admit(lowered, { call: 'd', load: 10 }, terms(3))).toEqual(queued(0))
  release(lowered, 'c', 4)
  expect(advance(lowered, terms(5))).toEqual(['d'])
})

test('[G8] a key’s full lines refuse its call before it waits, and take nothing from the tenant’s queue', () => {
  desk = { ...deskOf(1), lines: [{ of: 'tenant', leases: new MapRoster(), cap: 1 }, key] }
  enter('a', 0)
  expect(enter('b', 1)).toEqual({ is: 'full', of: 'key', short: 'lines' })
  expect(read(desk, 2)).toMatchObject({ live: 1, waiting: 0 })
})

test('[G8] a waiting call holds its key’s line, so that being put through cannot break the key’s cap', () => {
  const busy = desk.lines[0].leases
  busy.set('other', ttlMs)
  desk = { ...desk, lines: [desk.lines[0], key] }
  expect(enter('a', 0)).toEqual(queued(0))
  expect(enter('b', 1)).toEqual({ is: 'full', of: 'key', short: 'lines' })
  release(desk, 'a', 2)
  expect(enter('b', 3)).toEqual(queued(0))
})

test('[G12] a known caller that drops out and comes back within a minute has its old place', () => {
  enter('a', 0)
  enter('b', 1_000, { caller: '+351' })
  enter('c', 2_000)
  release(desk, 'b', 3_000, '+351')
  expect(enter('b2', 4_000, { caller: '+351' })).toEqual(queued(0))
  expect(enter('c', 4_001)).toEqual(queued(1))
})

test('[G12] a place that had run out before its caller left is not remembered', () => {
  enter('a', 0)
  enter('b', 0, { caller: '+351' })
  renew(desk, 'a', 10, terms(20_000))
  release(desk, 'b', ttlMs, '+351')
  enter('c', ttlMs)
  expect(enter('b2', ttlMs + 1, { caller: '+351' })).toEqual(queued(1))
})

test('[G12] after a minute, or unknown, it stands at the end', () => {
  enter('a', 0)
  enter('b', 1_000, { caller: '+351' })
  release(desk, 'b', 3_000, '+351')
  renew(desk, 'a', 10, terms(25_000))
  renew(desk, 'a', 10, terms(50_000))
  enter('c', 55_000)
  expect(enter('b2', 3_000 + rememberedMs, { caller: '+351' })).toEqual(queued(1))
})
