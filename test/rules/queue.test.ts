// The gate's queue: who waits, in which order, and who is seated when something frees.
import { beforeEach, expect, test } from 'vitest'
import {
  admit,
  advance as advanceDesk,
  conclude,
  consider,
  needs,
  read,
  release,
  rememberedMs,
  renew as renewDesk,
  turning,
  type Ask,
  type Desk,
  type Quota,
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
    quotas: [{ loads: roster(), wants: roster(), tokens: Infinity, sessions: Infinity }],
    queue: roster(),
    tickets: roster(),
    places: roster(),
    memory: roster(),
  }
}

/** Policy, and what the pool has granted. */
interface Given {
  room?: number
  grant?: number
  sessions?: number
}
const terms = (now: number, { room = 5 }: Given = {}): Terms => ({ now, ttlMs, room })
/** The desk with this much granted. */
function given({ grant = Infinity, sessions = Infinity }: Given): { desk: Desk; quota: Quota } {
  const quota = { ...desk.quotas[0], tokens: grant, sessions }
  return { desk: { ...desk, quotas: [quota] }, quota }
}
function enter(call: string, now: number, more: Partial<Ask> = {}, g: Given = {}): Verdict {
  const { desk: granted, quota } = given(g)
  return admit(granted, { call, quota, load: 10, ...more }, terms(now, g))
}
const advance = (now: number, g: Given = {}): string[] => advanceDesk(given(g).desk, terms(now, g))
const renew = (call: string, now: number): void =>
  renewDesk(desk, { call, quota: desk.quotas[0], load: 10 }, terms(now))
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
  expect(advance(2, { grant: 100 })).toEqual([])
  expect(advance(3, { grant: 101 })).toEqual(['b'])
  expect(read(desk, 3)).toEqual({ live: 2, waiting: 0, over: 0 })
  expect(needs(desk, desk.quotas[0], 3).tokens).toEqual({ has: 101, wants: 101 })
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
  renew('a', 20_000)
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
  expect(advance(11)).toEqual(['c', 'd'])
  expect(advance(12)).toEqual([])
  expect(enter('e', 13)).toEqual(queued(0))
})

test('[G6] what ran out makes way: a lease seats the next caller, a ticket does not', () => {
  enter('a', 0)
  enter('gone', 1)
  enter('b', 2)
  enter('b', 20_000)
  expect(advance(ttlMs + 1)).toEqual(['b'])
  expect(read(desk, ttlMs + 1)).toMatchObject({ live: 1, waiting: 0 })
})

test('[G6] a waiting call whose load the store has lost is seated all the same', () => {
  enter('a', 0)
  enter('b', 1)
  desk.quotas[0].wants.delete('b')
  release(desk, 'a', 2)
  expect(advance(3)).toEqual(['b'])
  expect(needs(desk, desk.quotas[0], 3).tokens.has).toBe(0)
})

test('[G6] a heavy call at the head is not passed by a light one behind it', () => {
  desk = deskOf(10)
  enter('a', 0, { load: 90 }, { grant: 100 })
  enter('heavy', 1, { load: 50 }, { grant: 100 })
  enter('light', 2, { load: 5 }, { grant: 100 })
  expect(advance(3, { grant: 100 })).toEqual([])
})

test('[G7] a cap lowered below the live calls ends nobody, and grants nobody until under it', () => {
  desk = deskOf(3)
  for (const call of ['a', 'b', 'c']) enter(call, 0)
  const lowered: Desk = { ...desk, lines: [{ ...desk.lines[0], cap: 1 }] }
  expect(read(lowered, 1)).toMatchObject({ live: 3, over: 2 })
  release(lowered, 'a', 2)
  release(lowered, 'b', 2)
  expect(admit(lowered, { call: 'd', quota: lowered.quotas[0], load: 10 }, terms(3))).toEqual(queued(0))
  release(lowered, 'c', 4)
  expect(advanceDesk(lowered, terms(5))).toEqual(['d'])
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
  renew('a', 20_000)
  release(desk, 'b', ttlMs, '+351')
  enter('c', ttlMs)
  expect(enter('b2', ttlMs + 1, { caller: '+351' })).toEqual(queued(1))
})

test('[G12] after a minute, or unknown, it stands at the end', () => {
  enter('a', 0)
  enter('b', 1_000, { caller: '+351' })
  release(desk, 'b', 3_000, '+351')
  renew('a', 25_000)
  renew('a', 50_000)
  enter('c', 55_000)
  expect(enter('b2', 3_000 + rememberedMs, { caller: '+351' })).toEqual(queued(1))
})

test('[G2] a call waits for a session where the quota counts those, and is told so', () => {
  desk = deskOf(10)
  expect(enter('a', 0, {}, { sessions: 1 })).toEqual({ is: 'granted' })
  expect(enter('b', 1, {}, { sessions: 1 })).toEqual(queued(0, 'sessions'))
  expect(advance(2, { sessions: 1 })).toEqual([])
  expect(advance(3, { sessions: 2 })).toEqual(['b'])
})

test('[G2] each call draws from its own quota, and all stand in one queue', () => {
  const [one, two] = [quotaOf(10), quotaOf(100)]
  desk = { ...deskOf(10), quotas: [one, two] }
  const ask = (call: string, quota: Quota, now: number): Verdict => admit(desk, { call, quota, load: 10 }, terms(now))
  expect(ask('a', one, 0)).toEqual({ is: 'granted' })
  expect(ask('b', two, 1)).toEqual({ is: 'granted' })
  expect(ask('c', one, 2)).toEqual(queued(0, 'tokens'))
  expect(ask('d', two, 3)).toEqual(queued(1, 'tokens')) // G3: behind c
  release(desk, 'a', 4)
  expect(advanceDesk(desk, terms(5))).toEqual(['c', 'd'])
  expect([one.loads.size(), two.loads.size()]).toEqual([1, 2])
})

test('[P1] a desk wants what its callers could use who would find a line, and no more', () => {
  desk = deskOf(3)
  enter('a', 0)
  for (const [i, call] of ['b', 'c', 'd', 'e'].entries()) enter(call, i + 1, {}, { grant: 10 })
  expect(needs(desk, desk.quotas[0], 9)).toEqual({
    tokens: { has: 10, wants: 30 },
    sessions: { has: 1, wants: 3 },
  })
  expect(needs(desk, desk.quotas[0], ttlMs).sessions).toEqual({ has: 0, wants: 3 }) // a has run out
  const other: Quota = quotaOf(0)
  expect(needs({ ...desk, quotas: [other, desk.quotas[0]] }, other, 9).tokens).toEqual({ has: 0, wants: 0 })
})

function quotaOf(tokens: number): Quota {
  return { loads: roster(), wants: roster(), tokens, sessions: Infinity }
}

test('[G2] a newcomer that only the grant is short for gets a ticket whatever the room, until the pool was asked', () => {
  desk = deskOf(2)
  const [first] = desk.quotas
  const ask = (call: string): Ask => ({ call, quota: { ...first, tokens: 10 }, load: 10 })
  expect(consider(desk, ask('a'), terms(0, { room: 0 }))).toEqual({ is: 'granted' })
  for (const call of ['b', 'c']) expect(consider(desk, ask(call), terms(1, { room: 0 }))).toBeUndefined()
  expect(read(desk, 2).waiting).toBe(2)
  expect(conclude(desk, ask('b'), terms(2, { room: 1 }))).toEqual(queued(0, 'tokens'))
  expect(conclude(desk, ask('c'), terms(2, { room: 1 }))).toEqual({ is: 'full', of: 'room', short: 'lines' })
  expect(read(desk, 2).waiting).toBe(1)
  expect(conclude(desk, { ...ask('b'), quota: first }, terms(2, { room: 0 }))).toEqual({ is: 'granted' })
})

test('[G2] where the lines are taken there is nothing to ask the pool for: a newcomer has a place or none', () => {
  enter('a', 0)
  const ask = (call: string): Ask => ({ call, quota: desk.quotas[0], load: 10 })
  expect(consider(desk, ask('b'), terms(1, { room: 1 }))).toEqual(queued(0))
  expect(consider(desk, ask('c'), terms(1, { room: 1 }))).toEqual({ is: 'full', of: 'room', short: 'lines' })
  desk.tickets.set('b', ttlMs + 1)
  const narrow: Ask = { ...ask('d'), quota: { ...desk.quotas[0], tokens: 5 } }
  expect(consider(desk, narrow, terms(ttlMs, { room: 0 }))).toBeUndefined() // a has run out
})

test.each([
  { tokens: 20, short: 'sessions' },
  { tokens: 19, short: 'tokens' },
])('[G2] with a session too many and $tokens tokens a call is short of $short', ({ tokens, short }) => {
  desk = deskOf(5)
  enter('a', 0)
  expect(enter('b', 1, {}, { grant: tokens, sessions: 1 })).toEqual(queued(0, short))
})

test('[H3] who waits for a line has all of them before it; who waits for the pool, those in use', () => {
  desk = deskOf(5)
  expect(turning(desk, 'tokens')).toBe(1)
  for (const call of ['a', 'b', 'c']) enter(call, 0)
  expect([turning(desk, 'lines'), turning(desk, 'tokens'), turning(desk, 'sessions')]).toEqual([5, 3, 3])
  const lowered: Desk = { ...desk, lines: [{ ...desk.lines[0], cap: 2 }] }
  expect(turning(lowered, 'tokens')).toBe(2)
})

test('[G10] a desk that has lost its store lets newcomers wait, renews live calls and seats nobody, until it has heard who is there', () => {
  const learning = (now: number): Terms => ({ ...terms(now), learning: true })
  const come = (call: string, now: number, t: Terms): Verdict =>
    admit(desk, { call, quota: desk.quotas[0], load: 10 }, { ...t, now })
  desk = deskOf(2)
  renew('live', 0)
  expect(come('live', 1, learning(1))).toEqual({ is: 'granted' })
  expect(come('new', 1, learning(1))).toMatchObject({ is: 'queued', place: 0 })
  expect(advanceDesk(desk, learning(2))).toEqual([])
  expect(consider(desk, { call: 'c', quota: desk.quotas[0], load: 10 }, learning(3))).toBeUndefined()
  expect(conclude(desk, { call: 'c', quota: desk.quotas[0], load: 10 }, learning(4))).toMatchObject({ place: 1 })
  expect(come('new', 5, terms(5))).toEqual({ is: 'granted' })
})

test('[G12] a remembered place is taken up by the first that comes with its caller, not by a call that asks again', () => {
  enter('a', 0)
  enter('b', 1, { caller: 'x' })
  enter('c', 2, { caller: 'x' })
  release(desk, 'c', 3, 'x')
  expect(enter('b', 4, { caller: 'x' })).toEqual(queued(0)) // it has its own place, and leaves the other's to whom it is due
  enter('d', 5)
  expect(enter('e', 6, { caller: 'x' })).toEqual(queued(1))
  expect(enter('f', 7, { caller: 'x' })).toEqual(queued(3))
})

test('[G12] a place is taken up where a newcomer is granted or concluded, not while its pool is asked nor where it finds no place', () => {
  const remember = (): void => {
    desk.places.set('x', 1)
    desk.memory.set('x', 60_000)
  }
  const remembered = (): number[] => [desk.places.size(), desk.memory.size()]
  const ask = (call: string): Ask => ({ call, quota: desk.quotas[0], load: 10, caller: 'x' })
  desk = deskOf(3)
  remember()
  expect(consider(desk, ask('a'), terms(10))).toEqual({ is: 'granted' })
  expect(remembered()).toEqual([0, 0])
  remember()
  const { desk: short } = given({ grant: 10 })
  const asked = { ...ask('b'), quota: short.quotas[0] }
  expect(consider(short, asked, terms(11))).toBeUndefined()
  expect(remembered()).toEqual([1, 1])
  expect(conclude(short, asked, terms(12, { room: 0 }))).toMatchObject({ is: 'full' })
  expect(remembered()).toEqual([1, 1])
  expect(conclude(short, asked, terms(13))).toMatchObject({ is: 'queued' })
  expect(remembered()).toEqual([0, 0])
  release(short, 'b', 14)
  expect(remembered()).toEqual([0, 0]) // nobody knows who it was
})

test('[G12] a newcomer whose key is full takes no place up', () => {
  desk = { ...deskOf(3), lines: [...deskOf(3).lines, key] }
  key.leases.set('other', 60_000)
  desk.places.set('x', 1)
  desk.memory.set('x', 60_000)
  const ask = { call: 'a', quota: desk.quotas[0], load: 10, caller: 'x' }
  expect(consider(desk, ask, terms(10))).toMatchObject({ is: 'full', of: 'key' })
  expect(conclude(desk, ask, terms(11))).toMatchObject({ is: 'full', of: 'key' })
  expect([desk.places.size(), desk.memory.size()]).toEqual([1, 1])
})

test('[G2] what has run out is swept before a call is concluded', () => {
  renew('old', 0)
  const ask = { call: 'a', quota: desk.quotas[0], load: 10 }
  expect(conclude(desk, ask, terms(ttlMs))).toEqual({ is: 'granted' })
})
