// One tenant's desk with callers that wait: who gets a place, whose turn comes, what is counted. On node:sqlite.
import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { SqlDesk } from '../../src/desk.ts'
import { keptMs, leaseTtlMs, meanCalls } from '../../src/limits.ts'
import type { Series } from '../../src/metrics.ts'
import { readSeries } from '../../src/series.ts'
import { TenantSettings, type TenantChange } from '../../src/plan-settings.ts'
import { changed, plans, type Key, type Tenant } from '../../src/plan.ts'
import type { Admission, CallRecord, Offer } from '../../src/ports.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { ample } from '../support/grants.ts'
import { still, unremarkable } from '../support/words.ts'
import { ref } from '../support/refs.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
let store: Store
let desk: SqlDesk

const tenant: Tenant = {
  ...TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 1 } }),
  id: 'ten_1',
  created_at: '2026-11-21T00:00:00.000Z',
}
const room = plans.trial.room

function key(id: string, own: Partial<Key> = {}): void {
  const times = { created_at: tenant.created_at, expires_at: null, revoked_at: null }
  desk.registry.putKey({ id, name: id, lines: null, headStartSeconds: 0, hint: '…', ...times, ...own }, `hash of ${id}`)
}

function change(change: TenantChange): void {
  desk.registry.putTenant(changed(desk.registry.tenant() ?? tenant, change))
}

function offer(call: string, own: Partial<Offer> = {}): Offer {
  const asks = { keyHash: 'hash of k1', model: 'gpt-realtime', models: ['gpt-realtime'], unserved: null }
  return { call, agent: null, caller: null, tenant: 'ten_1', pool: 'openai', ...asks, ...own }
}

function record(why: CallRecord['outcome']['why'], own: Partial<CallRecord> = {}): CallRecord {
  const by = why === 'hung_up' ? 'caller' : 'broker'
  return {
    model: 'gpt-realtime',
    outcome: { by, why, code: 1000, reason: '', inReply: false },
    waitedMs: 4_000,
    liveMs: 0,
    tokens: 0,
    microUsd: 0,
    replies: 0,
    firstAudioMs: null,
    peakContextTokens: 0,
    firstMinuteTokens: null,
    ...unremarkable,
    overheadMs: 0,
    connectMs: null,
    ...own,
  }
}

const admit = (call: string, at = 0, own: Partial<Offer> = {}): Admission => desk.admit(offer(call, own), start + at)
const said = (admission: Admission): string =>
  admission.is === 'queued'
    ? `queued ${admission.place}`
    : admission.is === 'refused'
      ? admission.refusal.why
      : admission.is

/** The series of one metric, its labels but the plan as `a=1,b=2`. */
function series(name: string, at = 0): Record<string, number> {
  const all: Series = desk.report(start + at)['openai'] ?? {}
  const own = Object.entries(all).filter(([id]) => readSeries(id).name === name)
  return Object.fromEntries(
    own.map(([id, value]) => {
      const labels = Object.entries(readSeries(id).labels).filter(([label]) => label !== 'plan')
      return [labels.map((pair) => pair.join('=')).join(), value]
    }),
  )
}

const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0)

/** So many calls of that length, one after the other. */
function talk(calls: number, liveMs: number): void {
  for (let i = 0; i < calls; i++) talked(`t${desk.records.list(100).length}`, liveMs)
}

function talked(call: string, liveMs: number): void {
  admit(call)
  desk.end(ref(call), [], record('hung_up', { liveMs, waitedMs: 0 }), start)
}

/** What those are told who wait when four come. */
function etas(): unknown[] {
  const answers = ['a', 'b', 'c', 'd'].map((call, i) => admit(call, i))
  for (const call of ['a', 'b', 'c', 'd']) desk.leave(ref(call), start + 5)
  return answers.flatMap((answer) => (answer.is === 'queued' ? [answer.etaMs] : []))
}

beforeEach(() => {
  store = openSqlite()
  SqlDesk.prepare(store.sql)
  desk = new SqlDesk(store.sql, store.transact)
  desk.registry.putTenant(tenant)
  key('k1')
  desk.regrant('openai', ample, 'answer', start)
  return () => store.close()
})

test('[G2] a call that finds no line has a place, with its terms, until the room is full', () => {
  expect(said(admit('c0'))).toBe('granted')
  expect(admit('c1')).toMatchObject({ is: 'queued', place: 0, etaMs: null, terms: { key: 'k1', patienceMs: 60_000 } })
  for (let i = 2; i <= room; i++) expect(said(admit(`c${i}`, i))).toBe(`queued ${i - 1}`)
  expect(admit('late', 9)).toMatchObject({
    is: 'full',
    refusal: { why: 'queue_full', details: { room } },
    terms: { key: 'k1' },
  })
  expect(desk.read(start + 9)?.lines).toEqual({ live: 1, cap: 1, waiting: room, over: 0 })
  expect(desk.records.get('late')).toBeUndefined()
  expect(desk.records.get('c1')).toMatchObject({ began: start, admitted: null, ended: null })
})

test('[G6] when a call ends the next is seated, once, and stands so in its record', () => {
  for (const [i, call] of ['c0', 'c1', 'c2'].entries()) admit(call, i)
  expect(desk.advance(start + 10)).toEqual([])
  desk.end(ref('c0'), [], record('hung_up'), start + 4_000)
  expect(said(admit('new', 4_001))).toBe('queued 2') // G3
  expect(desk.advance(start + 4_001)).toEqual(['c1'])
  expect(desk.advance(start + 4_002)).toEqual([])
  expect(desk.records.get('c1')).toMatchObject({ began: start + 1, admitted: start + 4_001 })
  expect([said(admit('c1', 5_000)), said(admit('c2', 5_000)), said(admit('new', 5_000))]).toEqual([
    'granted',
    'queued 0',
    'queued 1',
  ])
})

test('[G6] a cap that is raised seats who waits', () => {
  for (const call of ['c0', 'c1', 'c2', 'c3']) admit(call)
  change({ caps: { lines: 3 } })
  expect(desk.advance(start)).toEqual(['c1', 'c2'])
})

test('[G4] a call that gives its place up is out at once, and may still say goodbye', () => {
  for (const [i, call] of ['c0', 'c1', 'c2'].entries()) admit(call, i)
  desk.leave(ref('c1'), start + 5)
  desk.leave(ref('c1'), start + 5)
  expect(said(admit('c2', 6))).toBe('queued 0')
  expect(desk.records.isOpen('c1')).toBe(true)
  desk.end(ref('c1'), [], record('queue_timeout'), start + 7)
  expect(desk.records.get('c1')).toMatchObject({ admitted: null, ended: start + 7, record: { waitedMs: 4_000 } })
})

test('[G8] a waiting call holds the lines of its key and agent, and gives them back', () => {
  change({ caps: { lines: 1, agents: { sales: 1 } } })
  key('k2', { lines: 1 })
  admit('c0')
  const narrow = { keyHash: 'hash of k2', agent: 'sales' }
  expect(said(admit('c1', 0, narrow))).toBe('queued 0')
  expect(said(admit('c2', 0, narrow))).toBe('lines_full')
  expect(admit('c2', 0, { agent: 'sales' })).toMatchObject({ refusal: { details: { scope: 'agent', cap: 1 } } })
  desk.leave(ref('c1', { key: 'k2', agent: 'sales' }), start)
  expect(said(admit('c2', 0, narrow))).toBe('queued 0')
})

test('[H6] a tenant may have its callers refused instead, before the upgrade where it wants that', () => {
  change({ overflow: 'event' })
  admit('c0')
  const refusal = { why: 'lines_full', details: { scope: 'tenant', cap: 1 } }
  expect(admit('c1')).toEqual({ is: 'refused', refusal, beforeUpgrade: false })
  change({ overflow: 'upgrade' })
  expect(admit('c1')).toEqual({ is: 'refused', refusal, beforeUpgrade: true })
  expect(desk.read(start)?.lines.waiting).toBe(0)
})

test('[H3] the wait is unknown under ten calls, then the mean call for each place, shared by the lines', () => {
  talk(9, 60_000)
  talk(3, 0) // never connected: no call to learn from
  change({ caps: { lines: 2 } })
  expect(etas()).toEqual([null, null])
  talk(1, 160_000)
  expect(etas()).toEqual([35_000, 70_000]) // mean 70 s, two lines
})

test('[H3] the mean forgets slowly: of a hundred calls and more each new one counts a hundredth', () => {
  const mean = store.sql.bind(undefined, "SELECT value FROM roster WHERE name = 'talk' AND id = 'mean'")
  for (let i = 0; i < 2 * meanCalls; i++) talked(`t${i}`, i < meanCalls / 2 ? 40_000 : 100_000)
  expect(mean()).toEqual([{ value: expect.closeTo(100_000 - 30_000 * 0.99 ** meanCalls, -2) as number }])
  const before = mean()[0]?.['value'] as number
  talked('last', before - 50_000)
  expect(mean()).toEqual([{ value: before - 500 }])
})

test('[G4] a call that ended while it asked gets no place and no line', () => {
  for (const call of ['c0', 'c1']) admit(call)
  desk.end(ref('c1'), [], record('hung_up'), start + 1)
  expect(said(admit('c1', 2))).toBe('call_reset')
  desk.end(ref('c0'), [], record('hung_up'), start + 3)
  expect(said(admit('c0', 4))).toBe('call_reset')
  expect(desk.read(start + 5)?.lines).toEqual({ live: 0, cap: 1, waiting: 0, over: 0 })
  expect(series('trunkline_calls_offered_total')).toEqual({ '': 2 })
})

test('[K3] a call whose key is revoked while it waits is refused when it asks, and counted when it ends', () => {
  for (const call of ['c0', 'c1']) admit(call)
  desk.registry.changeKey({ ...(desk.registry.key('k1') as Key), revoked_at: '2026-11-21T11:59:00.000Z' })
  expect(said(admit('c1', 1))).toBe('key_revoked')
  expect(total(series('trunkline_admissions_total'))).toBe(1)
  desk.end(ref('c1'), [], record('key_revoked'), start + 2)
  expect(series('trunkline_admissions_total')).toMatchObject({ 'decision=refused,reason=key_revoked': 1 })
})

test('[G9] the sweep leaves a call alone while it waits, however long, and closes one that is gone', () => {
  admit('c0')
  admit('c1')
  for (let at = 0; at <= 1_200_000; at += 10_000) {
    desk.renew(ref('c0'), null, still, start + at)
    admit('c1', at)
    desk.sweep(start + at)
  }
  expect(desk.records.isOpen('c1')).toBe(true)
  desk.renew(ref('c0'), null, still, start + 1_220_000)
  const gone = 1_200_000 + leaseTtlMs
  desk.sweep(start + gone)
  desk.sweep(start + gone + 600_000)
  expect(desk.records.get('c1')).toMatchObject({
    record: { outcome: { why: 'call_reset' }, liveMs: 0, waitedMs: gone + 600_000 },
  })
  expect(series('trunkline_admissions_total', gone + 600_000)).toMatchObject({
    'decision=abandoned,reason=call_reset': 1,
  })
})

test('[G9] a call that waited and is lost on the line has both its times in the record', () => {
  for (const call of ['c0', 'c1']) admit(call)
  desk.end(ref('c0'), [], record('hung_up'), start + 4_000)
  desk.advance(start + 4_000)
  desk.sweep(start + 40_000)
  desk.sweep(start + 640_000)
  expect(desk.records.get('c1')?.record).toMatchObject({ waitedMs: 4_000, liveMs: 636_000 })
})

test('[S2] the record of a call is kept for 35 days after its end, an open one for as long as it is open', () => {
  for (const call of ['c0', 'c1']) admit(call)
  desk.end(ref('c0'), [], record('hung_up'), start + 4_000)
  desk.sweep(start + 4_000 + keptMs - 1)
  expect(desk.records.get('c0')).toBeDefined()
  desk.renew(ref('c1'), null, still, start + 4_000 + keptMs)
  desk.sweep(start + 4_000 + keptMs)
  expect(desk.records.list(9).map(({ id }) => id)).toEqual(['c1'])
})

test('[M3] the wait is observed once, by how it ended', () => {
  for (const call of ['c0', 'c1', 'c2', 'c3']) admit(call)
  admit('c1', 1_000)
  desk.end(ref('c2'), [], record('hung_up', { waitedMs: 2_000 }), start + 2_000)
  desk.end(ref('c3'), [], record('queue_timeout', { waitedMs: 3_000 }), start + 3_000)
  expect(series('trunkline_calls_waiting', 3_000)).toEqual({ '': 1 })
  desk.end(ref('c0'), [], record('hung_up', { waitedMs: 0 }), start + 8_000)
  desk.advance(start + 8_000)
  admit('c1', 8_001)
  desk.end(ref('c1'), [], record('hung_up', { waitedMs: 8_000 }), start + 9_000)
  expect(series('trunkline_queue_wait_seconds_sum')).toEqual({
    'outcome=abandoned': 2,
    'outcome=refused': 3,
    'outcome=served': 8,
  })
  expect(series('trunkline_queue_wait_seconds_count')).toEqual({
    'outcome=abandoned': 1,
    'outcome=refused': 1,
    'outcome=served': 1,
  })
  expect(series('trunkline_admissions_total')).toEqual({
    'decision=admitted,reason=granted': 2,
    'decision=abandoned,reason=hung_up': 1,
    'decision=refused,reason=queue_timeout': 1,
  })
  expect(series('trunkline_calls_waiting')).toEqual({ '': 0 })
})

test('[M1] a desk that nobody has called reports nothing', () => {
  expect(desk.report(start)).toEqual({})
})

test('[G6] where there is no tenant nobody is seated and nobody leaves', () => {
  const empty = openSqlite()
  SqlDesk.prepare(empty.sql)
  const nobody = new SqlDesk(empty.sql, empty.transact)
  expect(nobody.advance(start)).toEqual([])
  expect(() => nobody.leave(ref('c1'), start)).not.toThrow()
  empty.close()
})

test('[M3] a step that fails counts nothing, and the next one counts as if it had not been', () => {
  admit('c0')
  store.sql("CREATE TRIGGER broken BEFORE INSERT ON call BEGIN SELECT RAISE(ABORT, 'broken'); END")
  expect(() => admit('c1')).toThrow('broken')
  store.sql('DROP TRIGGER broken')
  expect(series('trunkline_calls_offered_total')).toEqual({ '': 1 })
  admit('c1')
  expect(series('trunkline_calls_offered_total')).toEqual({ '': 2 })
})

type Deed =
  | 'reset'
  | 'admit'
  | 'ask'
  | 'leave'
  | 'remove'
  | 'hang up'
  | 'time out'
  | 'advance'
  | 'renew'
  | 'sweep'
  | 'pass'
  | 'long'
  | 'cap'
const deed = fc.record({
  is: fc.constantFrom<Deed>(
    ...(['admit', 'admit', 'admit', 'ask', 'ask', 'leave', 'remove', 'hang up', 'hang up', 'time out'] as const),
    ...(['reset', 'advance', 'advance', 'renew', 'renew', 'sweep', 'pass', 'pass', 'long', 'cap'] as const),
  ),
  which: fc.nat(30),
})

/** Every other call is of a second pool. */
const poolOf = (call: string): { pool: string } => ({ pool: Number(call.slice(1)) % 2 === 0 ? 'openai' : 'azure' })

/** What one report says, and what it would have to say. */
function books(report: Series): { offered: number; decided: number; admitted: number } {
  const sum = (name: string, decision?: string): number => {
    const own = Object.entries(report).filter(([id]) => {
      const one = readSeries(id)
      return one.name === name && (decision === undefined || one.labels['decision'] === decision)
    })
    return own.reduce((all, [, value]) => all + value, 0)
  }
  const decided = sum('trunkline_admissions_total') + sum('trunkline_calls_waiting')
  return {
    offered: sum('trunkline_calls_offered_total'),
    decided,
    admitted: sum('trunkline_admissions_total', 'admitted'),
  }
}

test('[M3] offered = admitted + waiting + refused + abandoned in each pool, whatever happens in whatever order', () => {
  printSeed('desk counts')
  fc.assert(
    fc.property(fc.array(deed, { minLength: 20, maxLength: 80, size: 'max' }), (deeds) => {
      const own = openSqlite()
      SqlDesk.prepare(own.sql)
      desk = new SqlDesk(own.sql, own.transact)
      desk.registry.putTenant(tenant)
      key('k1')
      for (const pool of ['openai', 'azure']) desk.regrant(pool, ample, 'answer', start)
      let [now, offers] = [0, 0]
      const granted = new Set<string>()
      for (const { is, which } of deeds) {
        const call = `c${which % Math.max(1, offers)}`
        if (is === 'reset') desk = new SqlDesk(own.sql, own.transact)
        if (is === 'admit' && admit(`c${offers}`, now, poolOf(`c${offers++}`)).is === 'granted')
          granted.add(`c${offers - 1}`)
        // A call that found no place does not ask again: it ends.
        if (is === 'ask' && desk.records.isOpen(call) && admit(call, now, poolOf(call)).is === 'granted')
          granted.add(call)
        if (is === 'leave') desk.leave(ref(call, poolOf(call)), start + now)
        if (is === 'remove') desk.queue.remove(call, start + now)
        if (is === 'hang up') desk.end(ref(call, poolOf(call)), [], record('hung_up'), start + now)
        if (is === 'time out') desk.end(ref(call, poolOf(call)), [], record('queue_timeout'), start + now)
        if (is === 'advance') for (const seated of desk.advance(start + now)) granted.add(seated)
        if (is === 'renew' && desk.records.get(call)?.admitted != null)
          desk.renew(ref(call, poolOf(call)), null, still, start + now)
        if (is === 'sweep') desk.sweep(start + now)
        if (is === 'pass') now += 7_000
        if (is === 'long') now += which * 20_000
        if (is === 'cap') change({ caps: { lines: which % 4 } })
        const all = Object.values(desk.report(start + now)).map(books)
        for (const { offered, decided } of all) expect(decided).toBe(offered)
        expect(all.reduce((sum, { offered }) => sum + offered, 0)).toBe(offers)
        expect(all.reduce((sum, { admitted }) => sum + admitted, 0)).toBe(granted.size)
      }
      own.close()
    }),
    { seed, numRuns: 60 },
  )
})
