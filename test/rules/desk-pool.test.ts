// One desk and what it knows of its pools: what it tells them, what it lets go, what its callers are told when tokens are short. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { lostRecord } from '../../src/desk-counts.ts'
import { SqlDesk } from '../../src/desk.ts'
import type { Overflow } from '../../src/hold-settings.ts'
import { firstMinuteTokens as load } from '../../src/limits.ts'
import { TenantSettings, type TenantChange } from '../../src/plan-settings.ts'
import { changed } from '../../src/plan.ts'
import type { CallRecord, Offer, PoolAsk } from '../../src/ports.ts'
import { openSqlite } from '../stores/sqlite.ts'
import { grantOf } from '../support/grants.ts'
import { still } from '../support/words.ts'
import { ref } from '../support/refs.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
let desk: SqlDesk
let version = 1

beforeEach(() => {
  const { sql, transact, close } = openSqlite()
  SqlDesk.prepare(sql)
  desk = new SqlDesk(sql, transact)
  return close
})

function open(overflow: Overflow = 'hold', lines = 10): void {
  const settings = TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines }, overflow })
  desk.registry.putTenant({ ...settings, id: 'ten_1', created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  desk.registry.putKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
}

function change(change: TenantChange): void {
  const tenant = desk.registry.tenant()
  if (tenant !== undefined) desk.registry.putTenant(changed(tenant, change))
}

function grant(calls: number, sessions = 1_000): void {
  desk.regrant('openai', grantOf(calls * load, sessions, version++), 'answer', start)
}

const offer = (call: string): Offer => {
  const asks = { keyHash: 'hash', model: 'm', agent: null, caller: null, models: ['m'], unserved: null }
  return { call, tenant: 'ten_1', pool: 'openai', ...asks }
}
const asked = (now = start): PoolAsk => desk.ask('openai', now) as PoolAsk
const has = (): number => asked().needs.tokens.has

/** So many calls of that length, one after the other. */
function talk(calls: number, liveMs: number): void {
  for (let i = 0; i < calls; i++) {
    desk.admit(offer(`talk ${i}`), start)
    desk.end(ref(`talk ${i}`), [], hungUp(liveMs), start)
  }
}

function hungUp(liveMs: number, firstMinuteTokens: number | null = null): CallRecord {
  const { outcome, ...record } = lostRecord('m', liveMs)
  return { ...record, outcome: { ...outcome, why: 'hung_up' }, firstMinuteTokens }
}

const eta = (call: string): unknown => {
  const admission = desk.admit(offer(call), start)
  return admission.is === 'queued' ? [admission.short, admission.etaMs] : admission.is
}

test('[P1] a desk tells what its calls have and want, a newcomer’s load, and what it debited, in all', () => {
  open()
  grant(1)
  for (const call of ['a', 'b']) desk.admit(offer(call), start)
  desk.debit(
    ref('a'),
    [{ id: 'r1', model: 'gpt-realtime', amounts: { input_text: 100, output_audio: 20, micro_usd: 7 } }],
    still,
    start,
  )
  desk.debit(ref('a'), [{ id: 'r1', model: 'gpt-realtime', amounts: { input_text: 100 } }], still, start)
  expect(desk.ask('openai', start)).toEqual({
    number: start,
    plan: 'trial',
    needs: { tokens: { has: load, wants: 2 * load }, sessions: { has: 1, wants: 2 } },
    busy: true,
    block: load,
    debited: 120,
    epoch: 1,
  })
})

test('[P5] the pool gives in steps of what those want who wait, however little calls took since they came', () => {
  open()
  grant(2)
  for (const call of ['live', 'b', 'c', 'd']) desk.admit(offer(call), start)
  grant(1)
  for (let i = 0; i < 20; i++) {
    desk.admit(offer(`short ${i}`), start)
    desk.end(ref(`short ${i}`), [], hungUp(100, 3), start)
  }
  const { needs, block } = asked()
  expect((needs.tokens.wants - needs.tokens.has) / block).toBe(needs.sessions.wants - needs.sessions.has)
})

test.each([
  { calls: 1.5, short: 'tokens' },
  { calls: 2, short: 'sessions' },
])('[G3] an admin reads what a caller waits for as it was told: $short where the grant has room for $calls', (row) => {
  open()
  grant(row.calls, 1)
  desk.admit(offer('a'), start)
  expect(desk.admit(offer('b'), start)).toMatchObject({ is: 'queued', short: row.short })
  expect(desk.queue.reading(start)?.data).toMatchObject([{ call: 'b', short: row.short }])
})

test('[P1] a desk that nobody owns has nothing to ask for', () => {
  expect(desk.ask('openai', start)).toBeUndefined()
})

test('[P2] with its word a desk lets go of what its calls do not have, until the pool has answered', () => {
  open()
  grant(3)
  desk.admit(offer('a'), start)
  expect(desk.lacks('openai', start)).toBe(false)
  desk.ask('openai', start)
  expect(desk.lacks('openai', start)).toBe(true)
  expect(desk.consider(offer('b'), start)).toBeUndefined()
  grant(2)
  expect(desk.admit(offer('b'), start)).toMatchObject({ is: 'granted' })
})

test.each([
  { calls: 2, sessions: 2, lacks: false },
  { calls: 1, sessions: 2, lacks: true },
  { calls: 2, sessions: 1, lacks: true },
])(
  '[P9] with grants for $calls calls and $sessions sessions a desk of one call lacks more: $lacks',
  ({ calls, sessions, lacks }) => {
    open()
    grant(calls, sessions)
    desk.admit(offer('a'), start)
    expect(desk.lacks('openai', start)).toBe(lacks)
  },
)

test('[P4] a call weighs what it says of itself, and the same while it says nothing; one that was lost, what a newcomer does', () => {
  open()
  grant(3)
  desk.admit(offer('a'), start)
  desk.renew(ref('a'), 9_000, still, start)
  expect(has()).toBe(9_000)
  desk.renew(ref('a'), null, still, start)
  expect(has()).toBe(9_000)
  desk.sweep(start + 40_000)
  desk.renew(ref('a'), null, still, start + 40_000)
  expect(asked(start + 40_000).needs.tokens.has).toBe(load)
})

test('[G2] a newcomer is considered first; once it has a place it is told how it stands, whatever the room', () => {
  open()
  grant(0)
  expect(desk.consider(offer('a'), start)).toBeUndefined()
  expect(desk.admit(offer('a'), start)).toMatchObject({ is: 'queued', place: 0, short: 'tokens' })
  expect(desk.consider(offer('a'), start)).toMatchObject({ is: 'queued', place: 0 })
  change({ overflow: 'event' }) // no room from now on
  expect(desk.admit(offer('a'), start)).toMatchObject({ is: 'queued', place: 0 })
})

test('[H6] where tokens are short and there is no queue, that is what is said', () => {
  open('upgrade')
  grant(1)
  desk.admit(offer('a'), start)
  const refusal = { why: 'quota_short' }
  expect(desk.admit(offer('b'), start)).toEqual({ is: 'refused', refusal, beforeUpgrade: true })
})

test('[H3] the wait for tokens is shared by the lines in use, the wait for a line by all', () => {
  open('hold', 4)
  grant(3)
  talk(20, 60_000)
  for (const call of ['a', 'b', 'c']) expect(eta(call)).toBe('granted')
  expect([eta('d'), eta('e')]).toEqual([
    ['tokens', 20_000],
    ['lines', 30_000],
  ])
  change({ caps: { lines: 2 } }) // below those that talk
  expect(eta('d')).toEqual(['lines', 30_000])
})

test('[H3] where nobody talks the wait for tokens is a whole call', () => {
  open()
  grant(1)
  talk(30, 60_000)
  grant(0)
  expect(eta('a')).toEqual(['tokens', 60_000])
})

test('[C1] of a call whose broker was lost the desk knows how long it waited and talked', () => {
  open()
  grant(1)
  desk.admit(offer('a'), start)
  desk.end(ref('a'), [], lostRecord('m', 1), start + 5_000)
  expect(desk.records.get('a')?.record).toMatchObject({ liveMs: 5_000, waitedMs: 0, outcome: { why: 'call_reset' } })
})

test('[G5] a call that the desk had lost brings its pool back, and what it has there is free when its lease runs out', () => {
  open()
  desk.renew(ref('a'), 9_000, still, start)
  expect(desk.pools()).toEqual(['openai'])
  desk.sweep(start + 40_000)
  expect(asked(start + 40_000).needs.tokens.has).toBe(0)
})
