// One tenant's leases, on Maps: who is let in, who is refused and by whom. The random streams are in test/contract.
import { expect, test } from 'vitest'
import {
  admit as ask,
  read,
  release as end,
  renew as prolong,
  type Desk,
  type Lines,
  type Scope,
  type Terms,
  type Verdict,
} from '../../src/gate.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { streamContract } from '../contract/streams.ts'

const ttlMs = 30
const load = 10
/** Nobody waits here, and tokens are no matter: the queue and the grant are in queue.test.ts. */
const at = (now: number): Terms => ({ now, ttlMs, room: 0 })
const granted = { is: 'granted' }
const full = (of: Scope): object => ({ is: 'full', of: of === 'tenant' ? 'room' : of, short: 'lines' })
const admit = (desk: Desk, call: string, t: Terms): Verdict => ask(desk, { call, quota: desk.quotas[0], load }, t)
const renew = (desk: Desk, call: string, t: Terms): void => prolong(desk, { call, quota: desk.quotas[0], load }, t)
const release = (desk: Desk, call: string): void => end(desk, call, 0)
const live = (desk: Desk, now: number): number => read(desk, now).live

function lines(of: Scope, cap: number): Lines {
  return { of, cap, leases: new MapRoster() }
}

function desk(tenant: number, key?: number, agent?: number): Desk {
  return deskOf(
    lines('tenant', tenant),
    ...(key === undefined ? [] : [lines('key', key)]),
    ...(agent === undefined ? [] : [lines('agent', agent)]),
  )
}

const roster = (): MapRoster => new MapRoster()

function deskOf(...of: [Lines, ...Lines[]]): Desk {
  const [loads, queue, wants, tickets] = [roster(), roster(), roster(), roster()]
  const quotas: Desk['quotas'] = [{ loads, wants, tokens: Infinity, sessions: Infinity }]
  return { lines: of, quotas, queue, tickets, places: roster(), memory: roster() }
}

function rows(desk: Desk): number[] {
  return desk.lines.map(({ leases }) => leases.size())
}

test('[G2] grants up to the cap, and not one more', () => {
  const d = desk(2)
  expect(admit(d, 'a', at(0))).toEqual(granted)
  expect(admit(d, 'b', at(0))).toEqual(granted)
  expect(admit(d, 'c', at(0))).toEqual(full('tenant'))
  expect(rows(d)).toEqual([2])
})

test('[G2] grants nothing at cap 0', () => {
  const d = desk(0)
  expect(admit(d, 'a', at(0))).toEqual(full('tenant'))
  expect(rows(d)).toEqual([0])
})

test('[G2] a call that asks again gets the same answer, and its lease anew', () => {
  const d = desk(1)
  admit(d, 'a', at(0))
  expect(admit(d, 'a', at(29))).toEqual(granted)
  expect(d.lines[0].leases.get('a')).toBe(59)
  expect(rows(d)).toEqual([1])
  expect(admit(d, 'b', at(58))).toEqual(full('tenant'))
  expect(admit(d, 'b', at(58))).toEqual(full('tenant'))
})

test('[G2] a lease is good before its last millisecond and free at it', () => {
  const d = desk(1)
  admit(d, 'a', at(0))
  expect(admit(d, 'b', at(29))).toEqual(full('tenant'))
  expect(live(d, 29)).toBe(1)
  expect(live(d, 30)).toBe(0)
  expect(admit(d, 'b', at(30))).toEqual(granted)
})

test('[G2] a call whose lease ran out is asked like any other', () => {
  const d = desk(1)
  admit(d, 'a', at(0))
  admit(d, 'b', at(30))
  expect(admit(d, 'a', at(31))).toEqual(full('tenant'))
})

test('[G1] the live calls are the rows of the roster', () => {
  const d = desk(5)
  for (const call of ['a', 'b', 'c']) admit(d, call, at(0))
  release(d, 'b')
  renew(d, 'c', at(10))
  expect(live(d, 10)).toBe(2)
  expect(live(d, 39)).toBe(1)
  expect([d.lines[0].leases.get('a'), d.lines[0].leases.get('c')]).toEqual([undefined, 40])
})

test('[G5] releasing twice, or what was never there, is success and takes nothing from others', () => {
  const d = desk(2, 2)
  admit(d, 'a', at(0))
  admit(d, 'b', at(0))
  release(d, 'a')
  release(d, 'a')
  release(d, 'nobody')
  expect(rows(d)).toEqual([1, 1])
  expect(admit(d, 'c', at(1))).toEqual(granted)
})

test('[G5] renewing takes a lease that the store had lost, also above the cap', () => {
  const d = desk(1, 1)
  admit(d, 'a', at(0))
  renew(d, 'lost', at(1))
  expect(rows(d)).toEqual([2, 2])
  expect(d.lines.map(({ leases }) => leases.get('lost'))).toEqual([31, 31])
})

test('[G5] renewing sweeps what has run out', () => {
  const d = desk(5, 5)
  admit(d, 'a', at(0))
  renew(d, 'b', at(30))
  expect(rows(d)).toEqual([1, 1])
})

test('[G7] a cap lowered below the live calls ends nobody, and grants nothing until under it', () => {
  const d = desk(3)
  for (const call of ['a', 'b', 'c']) admit(d, call, at(0))
  const lowered: Desk = { ...d, lines: [{ ...d.lines[0], cap: 2 }] }
  expect(live(lowered, 0)).toBe(3)
  expect(admit(lowered, 'a', at(1))).toEqual(granted)
  expect(admit(lowered, 'd', at(1))).toEqual(full('tenant'))
  release(lowered, 'a')
  expect(admit(lowered, 'd', at(1))).toEqual(full('tenant'))
  release(lowered, 'b')
  expect(admit(lowered, 'd', at(1))).toEqual(granted)
})

test.each([
  { by: 'tenant', caps: [1, 2, 2] },
  { by: 'key', caps: [2, 1, 2] },
  { by: 'agent', caps: [2, 2, 1] },
] as const)('[G8] a refusal by the $by takes nothing from the others', ({ by, caps }) => {
  const d = desk(caps[0], caps[1], caps[2])
  admit(d, 'a', at(0))
  expect(admit(d, 'b', at(0))).toEqual(full(by))
  expect(rows(d)).toEqual([1, 1, 1])
  release(d, 'a')
  expect(admit(d, 'b', at(0))).toEqual(granted)
  expect(rows(d)).toEqual([1, 1, 1])
})

test('[G8] each cap counts its own calls: other keys and agents of the tenant are no matter', () => {
  const [tenant, key, other] = [lines('tenant', 3), lines('key', 1), lines('key', 1)]
  expect(admit(deskOf(tenant, key), 'a', at(0))).toEqual(granted)
  expect(admit(deskOf(tenant, key), 'b', at(0))).toEqual(full('key'))
  expect(admit(deskOf(tenant, other), 'b', at(0))).toEqual(granted)
  expect(admit(deskOf(tenant), 'c', at(0))).toEqual(granted)
  expect([tenant, key, other].map(({ leases }) => leases.size())).toEqual([3, 1, 1])
})

test('[G8] what ran out is swept from every set of lines, not from the tenant alone', () => {
  const d = desk(9, 1, 1)
  admit(d, 'a', at(0))
  expect(admit(d, 'b', at(30))).toEqual(granted)
  expect(rows(d)).toEqual([1, 1, 1])
})

const map = () => {
  const rosters = new Map<string, MapRoster>()
  return (name: string) => rosters.get(name) ?? rosters.set(name, new MapRoster()).get(name) ?? new MapRoster()
}
streamContract('the gate on Maps', async (work) => work(map()), 500)
