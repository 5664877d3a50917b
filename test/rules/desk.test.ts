// One tenant's desk over SQL: who is let in, what is debited, what is recorded, what is reported. On node:sqlite.
import { beforeEach, describe, expect, test } from 'vitest'
import { SqlDesk } from '../../src/desk.ts'
import type { Balances } from '../../src/desk-ledger.ts'
import { leaseTtlMs } from '../../src/limits.ts'
import type { Series } from '../../src/metrics.ts'
import { readSeries } from '../../src/series.ts'
import { TenantSettings, type TenantChange } from '../../src/plan-settings.ts'
import { changed, type Key, type Tenant } from '../../src/plan.ts'
import type { CallRecord, Offer } from '../../src/ports.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { ample } from '../support/grants.ts'
import { entry, still, unremarkable } from '../support/words.ts'
import { ref } from '../support/refs.ts'

const [start, models] = [Date.parse('2026-11-21T12:00:00.000Z'), ['gpt-realtime-2.1', 'gpt-realtime']]
let store: Store
let desk: SqlDesk
const settings = TenantSettings.parse({ name: 'Acme', plan: 'starter', overflow: 'event' })
const tenant: Tenant = { ...settings, id: 'ten_1', created_at: '2026-11-21T00:00:00.000Z' }

function key(id: string, own: Partial<Key> = {}): Key {
  const times = { created_at: tenant.created_at, expires_at: null, revoked_at: null }
  const made: Key = { id, name: id, lines: null, headStartSeconds: 0, hint: '…', ...times, ...own }
  desk.registry.putKey(made, `hash of ${id}`)
  return made
}

function offer(call: string, own: Partial<Offer> = {}): Offer {
  return {
    call,
    tenant: 'ten_1',
    keyHash: 'hash of k1',
    model: 'gpt-realtime',
    agent: null,
    caller: null,
    models,
    unserved: null,
    pool: 'openai',
    ...own,
  }
}

/** What its first reply is taken to need. */
const holds = ['held:input', 'held:micro_usd', 'held:output', 'held:untils']

function record(own: Partial<CallRecord> = {}): CallRecord {
  const outcome = { by: 'caller', why: 'hung_up', code: 1000, reason: '', inReply: false } as const
  const times = { waitedMs: 0, liveMs: 1_500, firstAudioMs: 450, overheadMs: 7, connectMs: 300 }
  return {
    model: 'gpt-realtime',
    outcome,
    ...times,
    tokens: 10,
    microUsd: 20,
    replies: 1,
    peakContextTokens: 10,
    firstMinuteTokens: null,
    ...unremarkable,
    ...own,
  }
}

function change(change: TenantChange): void {
  desk.registry.putTenant(changed(desk.registry.tenant() ?? tenant, change))
}

function ids(limit: number, before?: string): string[] {
  return desk.records.list(limit, before).map(({ id }) => id)
}

/** `granted`, `queued` or `full`, or why it is refused. */
function admit(call: string, own: Partial<Offer> = {}, now = start): string {
  const admission = desk.admit(offer(call, own), now)
  return admission.is === 'refused' ? admission.refusal.why : admission.is
}

function month(): Balances {
  const reading = desk.read(start)
  if (reading === undefined) throw new Error('no tenant')
  return reading.usage.month
}

/** The rosters that have rows, but those of its pools. */
function rosters(): unknown[] {
  const names = "SELECT DISTINCT name FROM roster WHERE name NOT LIKE 'grant:%' AND name NOT IN ('pools', 'epochs')"
  return store.sql(`${names} ORDER BY name`).map(({ name }) => name)
}

/** The series of one metric, its labels as `a=1,b=2`. */
function series(name: string, all: Series = desk.report(start)['openai'] ?? {}): Record<string, number> {
  const own = Object.entries(all).filter(([id]) => readSeries(id).name === name)
  return Object.fromEntries(
    own.map(([id, value]) => [
      Object.entries(readSeries(id).labels)
        .map((pair) => pair.join('='))
        .join(),
      value,
    ]),
  )
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

describe('admission', () => {
  test('[G2] grants a call with a good key, with the terms of its tenant', () => {
    expect(desk.admit(offer('c1'), start)).toMatchObject({
      is: 'granted',
      terms: { plan: 'starter', key: 'k1', longestMs: 3_600_000 },
    })
    expect(desk.records.list(5)).toEqual([
      {
        id: 'c1',
        key: 'k1',
        agent: null,
        model: 'gpt-realtime',
        pool: 'openai',
        began: start,
        admitted: start,
        ended: null,
        record: null,
      },
    ])
  })

  test('[G2] asking again gives the same answer and one record', () => {
    expect([admit('c1'), admit('c1', {}, start + 5)]).toEqual(['granted', 'granted'])
    expect(desk.records.list(5)).toMatchObject([{ began: start }])
    expect(desk.read(start + 5)?.lines.live).toBe(1)
  })

  test('[K1] a key that is not known is refused, also where there is no tenant', () => {
    expect(admit('c1', { keyHash: 'hash of nobody' })).toBe('key_unknown')
    expect(admit('c1', { keyHash: '' })).toBe('key_unknown')
    const empty = openSqlite()
    SqlDesk.prepare(empty.sql)
    expect(new SqlDesk(empty.sql, empty.transact).admit(offer('c1'), start)).toEqual({
      is: 'refused',
      refusal: { why: 'key_unknown' },
    })
    empty.close()
  })

  test('[K3] a key that was revoked or has run out is refused, and takes no line', () => {
    key('k2', { revoked_at: '2026-11-21T11:00:00.000Z' })
    key('k3', { expires_at: '2026-11-21T12:00:00.000Z' })
    expect([admit('c1', { keyHash: 'hash of k2' }), admit('c1', { keyHash: 'hash of k3' })]).toEqual([
      'key_revoked',
      'key_revoked',
    ])
    expect(admit('c1', { keyHash: 'hash of k3' }, start - 1)).toBe('granted')
    expect(desk.read(start)?.lines.live).toBe(1)
  })

  test('[C4] a model that is not served, not allowed or not named is refused with those that are', () => {
    change({ models: ['gpt-realtime', 'gpt-elsewhere'] })
    expect(admit('c1')).toBe('granted')
    expect(desk.admit(offer('c2', { model: 'gpt-realtime-2.1' }), start)).toEqual({
      is: 'refused',
      refusal: { why: 'model_unknown', details: { model: 'gpt-realtime-2.1', models: 'gpt-realtime' } },
    })
    expect(admit('c2', { model: 'gpt-elsewhere' })).toBe('model_unknown')
    expect(desk.admit(offer('c2', { model: '' }), start)).toEqual({
      is: 'refused',
      refusal: { why: 'model_missing', details: { models: 'gpt-realtime' } },
    })
  })

  test('[C5] what is not served is refused to a good key, and to a bad one as a bad one', () => {
    expect(admit('c1', { unserved: { why: 'dialect_beta' } })).toBe('dialect_beta')
    expect(admit('c1', { unserved: { why: 'dialect_beta' }, keyHash: 'x' })).toBe('key_unknown')
    expect(desk.read(start)?.lines.live).toBe(0)
  })

  test('[G8] the caps of tenant, key and agent hold each, and the refusal says whose', () => {
    change({ caps: { lines: 3, agents: { sales: 1 } } })
    key('k2', { lines: 1 })
    const k2 = { keyHash: 'hash of k2' }
    expect(admit('c1', { agent: 'sales' })).toBe('granted')
    expect(desk.admit(offer('c2', { agent: 'sales' }), start)).toEqual({
      is: 'refused',
      refusal: { why: 'lines_full', details: { scope: 'agent', cap: 1 } },
      beforeUpgrade: false,
    })
    expect(admit('c2', k2)).toBe('granted')
    expect(desk.admit(offer('c3', k2), start)).toMatchObject({ refusal: { details: { scope: 'key', cap: 1 } } })
    expect(admit('c3', { agent: 'support' })).toBe('granted')
    expect(desk.admit(offer('c4'), start)).toMatchObject({ refusal: { details: { scope: 'tenant', cap: 3 } } })
    expect(desk.read(start)?.lines).toEqual({ live: 3, waiting: 0, cap: 3, over: 0 })
  })

  test('[G8] names of the table of objects are no agents with a cap', () => {
    for (const agent of ['constructor', '__proto__', 'toString']) expect(admit(`c ${agent}`, { agent })).toBe('granted')
    expect(rosters()).toEqual(['came', ...holds, 'leases', 'loads:openai'])
  })

  test('[G7] a cap that was lowered ends nobody', () => {
    admit('c1')
    admit('c2')
    change({ caps: { lines: 1 } })
    expect(desk.read(start)?.lines).toEqual({ live: 2, waiting: 0, cap: 1, over: 1 })
    expect([admit('c1'), admit('c3')]).toEqual(['granted', 'lines_full'])
    expect(desk.renew(ref('c2'), null, still, start).renewal).toEqual({ is: 'kept' })
  })

  test('[G9] a call that is not renewed loses its line within the TTL', () => {
    change({ caps: { lines: 1 } })
    admit('c1')
    expect(admit('c2', {}, start + leaseTtlMs - 1)).toBe('lines_full')
    expect(admit('c2', {}, start + leaseTtlMs)).toBe('granted')
  })
})

describe('a live call', () => {
  beforeEach(() => void admit('c1'))

  test('[G5] is renewed by its heartbeats, also above the cap', () => {
    change({ caps: { lines: 1 } })
    desk.renew(ref('c1'), null, still, start + 20_000)
    desk.renew(ref('lost'), null, still, start + 20_000)
    expect(desk.read(start + 45_000)?.lines.live).toBe(2)
  })

  test('[K3] is told when its key is gone, revoked or has run out', () => {
    const withdrawn = { is: 'withdrawn', refusal: { why: 'key_withdrawn' } }
    expect(desk.renew(ref('c1'), null, still, start).renewal).toEqual({ is: 'kept' })
    expect(desk.renew(ref('c1', { key: 'nobody' }), null, still, start).renewal).toEqual(withdrawn)
    desk.registry.changeKey({ ...(desk.registry.key('k1') as Key), revoked_at: '2026-11-21T12:00:00.000Z' })
    expect(desk.renew(ref('c1'), null, still, start).renewal).toEqual(withdrawn)
  })

  test('[L1] is debited once for each report', () => {
    const entries = [entry('reply:r1', { replies: 1, input_text: 10, micro_usd: 40 })]
    desk.debit(ref('c1'), entries, still, start)
    desk.debit(ref('c1'), [...entries, entry('reply:r2', { replies: 1, micro_usd: 2 })], still, start)
    expect(month()).toMatchObject({ replies: 2, input_text: 10, micro_usd: 42, calls: 0 })
    expect(desk.read(start)?.usage.day).toEqual(month())
  })

  test('[L1] debits what its end brings with it once, also when it was sent before', () => {
    const entries = [entry('reply:r1', { replies: 1, micro_usd: 40 })]
    desk.debit(ref('c1'), entries, still, start)
    desk.end(ref('c1'), entries, record(), start)
    desk.end(ref('c1'), entries, record(), start)
    desk.debit(ref('c1'), entries, still, start)
    expect(month()).toMatchObject({ replies: 1, micro_usd: 40, calls: 1, live_ms: 1_500 })
  })

  test('[L1] debits what only its end brings', () => {
    desk.end(ref('c1'), [entry('reply:r1', { replies: 1, micro_usd: 40 })], record(), start)
    expect(month()).toMatchObject({ replies: 1, micro_usd: 40 })
  })

  test('[L1] the same report of two calls is two reports', () => {
    admit('c2')
    for (const call of ['c1', 'c2']) desk.debit(ref(call), [entry('reply:r1', { replies: 1 })], still, start)
    expect(month().replies).toBe(2)
  })

  test('[L1] a call that was never admitted debits nothing', () => {
    desk.debit(ref('stranger'), [entry('x', { replies: 1 })], still, start)
    desk.end(ref('stranger'), [entry('x', { replies: 1 })], record(), start)
    expect(month()).toMatchObject({ replies: 0, calls: 0 })
  })

  test('[L5] debits the day and the month in which it happened', () => {
    desk.debit(ref('c1'), [entry('a', { replies: 1 })], still, Date.parse('2026-11-21T23:59:59.999Z'))
    desk.debit(ref('c1'), [entry('b', { replies: 1 })], still, Date.parse('2026-11-22T00:00:00.000Z'))
    const { day, month: whole } = desk.read(Date.parse('2026-11-22T10:00:00.000Z'))?.usage ?? {}
    expect([day?.replies, whole?.replies]).toEqual([1, 2])
    expect(desk.read(Date.parse('2026-12-01T00:00:00.000Z'))?.usage.month.replies).toBe(0)
  })

  test('[C1] ends once, with the record of its first end, and its lines free', () => {
    desk.end(ref('c1'), [], record(), start + 2_000)
    desk.end(ref('c1'), [], record({ liveMs: 9 }), start + 3_000)
    expect(desk.records.list(5)).toMatchObject([{ id: 'c1', ended: start + 2_000, record: { liveMs: 1_500 } }])
    expect(desk.read(start)?.lines.live).toBe(0)
  })

  test('[G8] frees the lines of its key and agent too', () => {
    change({ caps: { lines: 9, agents: { sales: 1 } } })
    key('k2', { lines: 1 })
    const [with2, ref2] = [
      { keyHash: 'hash of k2', agent: 'sales' },
      { key: 'k2', agent: 'sales' },
    ]
    expect([admit('c2', with2), admit('c3', with2)]).toEqual(['granted', 'lines_full'])
    desk.end(ref('c2', ref2), [], record(), start)
    expect(admit('c3', with2)).toBe('granted')
  })

  test('[C1] that has ended takes no line again: a heartbeat that comes late is told so', () => {
    desk.end(ref('c1'), [], record(), start)
    expect(desk.renew(ref('c1'), null, still, start).renewal).toEqual({
      is: 'withdrawn',
      refusal: { why: 'call_reset' },
    })
    expect(desk.read(start)?.lines.live).toBe(0)
  })

  test('[L1] leaves no trace of its reports once it has ended', () => {
    desk.debit(ref('c1'), [entry('reply:r1', { replies: 1 })], still, start)
    desk.sweep(start + 40_000)
    desk.end(ref('c1'), [], record(), start)
    expect(
      store.sql(
        "SELECT count(*) AS n FROM roster WHERE name LIKE 'debited:%' OR name = 'missing' OR name LIKE 'leases%'",
      ),
    ).toEqual([{ n: 0 }])
  })

  test('[S2] a step that throws leaves nothing half done', () => {
    const broken = record()
    Object.assign(broken, { outcome: undefined })
    expect(() => desk.end(ref('c1'), [entry('a', { replies: 1 })], broken, start)).toThrow(TypeError)
    expect(month()).toMatchObject({ replies: 0, calls: 0 })
    expect(desk.records.isOpen('c1')).toBe(true)
    expect(desk.read(start)?.lines.live).toBe(1)
  })
})

describe('the sweep', () => {
  test('[G9] closes a call that lost its lease and stayed away for ten minutes', () => {
    admit('c1')
    desk.sweep(start + leaseTtlMs - 1)
    const missed = start + leaseTtlMs
    desk.sweep(missed)
    desk.sweep(missed + 599_999)
    expect(desk.records.isOpen('c1')).toBe(true)
    desk.sweep(missed + 600_000)
    expect(desk.records.list(5)).toMatchObject([
      {
        ended: missed + 600_000,
        record: {
          outcome: { by: 'broker', why: 'call_reset', inReply: false },
          liveMs: 630_000,
          tokens: 0,
          connectMs: null,
        },
      },
    ])
    expect(month().calls).toBe(1)
  })

  test('[G9] a call that comes back begins anew', () => {
    admit('c1')
    desk.sweep(start + 40_000)
    desk.renew(ref('c1'), null, still, start + 500_000)
    desk.sweep(start + 500_001)
    desk.sweep(start + 640_001)
    expect(desk.records.isOpen('c1')).toBe(true)
    desk.sweep(start + 1_240_000)
    expect(desk.records.isOpen('c1')).toBe(true)
    desk.sweep(start + 1_240_001)
    expect(desk.records.isOpen('c1')).toBe(false)
  })

  test('[G9] leaves live calls alone, and does nothing where there is no tenant', () => {
    admit('c1')
    for (let at = start; at < start + 3_600_000; at += 10_000) {
      desk.renew(ref('c1'), null, still, at)
      desk.sweep(at)
    }
    expect(desk.records.isOpen('c1')).toBe(true)
    const empty = openSqlite()
    SqlDesk.prepare(empty.sql)
    const nobody = new SqlDesk(empty.sql, empty.transact)
    expect(() => nobody.sweep(start)).not.toThrow()
    expect([nobody.read(start), nobody.report(start)]).toEqual([undefined, {}])
    empty.close()
  })
})

test('[G1] the sweep finds what ran out in the lines of every key and agent', () => {
  change({ caps: { lines: 9, agents: { sales: 5 } } })
  key('k2', { lines: 5 })
  admit('c1', { keyHash: 'hash of k2', agent: 'sales' })
  expect(rosters()).toEqual(['came', ...holds, 'leases', 'leases:agent:sales', 'leases:k2', 'loads:openai'])
  desk.sweep(start + leaseTtlMs)
  expect(rosters()).toEqual(['came', 'missing'])
})

describe('the records', () => {
  test('[C1] are listed newest first, page by page', () => {
    for (const call of ['c1', 'c3', 'c2']) admit(call)
    expect([ids(2), ids(2, 'c2'), ids(2, 'c1')]).toEqual([['c3', 'c2'], ['c1'], []])
  })
})

describe('the report', () => {
  test('[M3] offered = admitted + refused, by reason', () => {
    change({ caps: { lines: 2 } })
    const said = [
      admit('c1'),
      admit('c2'),
      admit('c3'),
      admit('c4'),
      admit('c5', { model: '' }),
      admit('c6', { unserved: { why: 'dialect_beta' } }),
    ]
    const counts = series('trunkline_admissions_total')
    expect(counts).toEqual({
      'plan=starter,decision=admitted,reason=granted': 2,
      'plan=starter,decision=refused,reason=lines_full': 2,
      'plan=starter,decision=refused,reason=model_missing': 1,
      'plan=starter,decision=refused,reason=dialect_beta': 1,
    })
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(said.length)
  })

  test('[M1] has lines, ends, tokens, spend and times', () => {
    change({ caps: { lines: 7 } })
    admit('c1')
    admit('c2')
    const amounts = {
      replies: 1,
      input_audio: 100,
      cached_audio: 60,
      output_text: 5,
      micro_usd: 40,
      unpriced: 1,
      partial: 1,
      transcribed_ms: 9,
    }
    desk.debit(ref('c1'), [entry('a', amounts), entry('b', { replies: 1, unreported: 1 })], still, start)
    desk.debit(ref('c1'), [entry('a', amounts)], still, start)
    desk.end(ref('c1'), [], record(), start)
    expect(series('trunkline_calls_live')).toEqual({ 'plan=starter': 1 })
    expect(series('trunkline_calls_cap')).toEqual({ 'plan=starter': 7 })
    expect(series('trunkline_call_ends_total')).toEqual({ 'plan=starter,by=caller,reason=hung_up': 1 })
    expect(series('trunkline_tokens_total')).toEqual({
      'plan=starter,direction=input,modality=audio': 100,
      'plan=starter,direction=cached,modality=audio': 60,
      'plan=starter,direction=output,modality=text': 5,
    })
    expect(series('trunkline_spend_microusd_total')).toEqual({ 'plan=starter': 40 })
    expect(series('trunkline_unpriced_reports_total')).toEqual({ 'plan=starter': 1 })
    expect(series('trunkline_unreported_usage_total')).toEqual({ 'plan=starter': 1 })
    expect(series('trunkline_voice_seconds_total')).toEqual({ 'plan=starter': 1.5 })
    expect(series('trunkline_first_audio_seconds_sum')).toEqual({ 'plan=starter': 0.45 })
    expect(series('trunkline_upstream_connect_seconds_sum')).toEqual({ 'plan=starter': 0.3 })
    expect(series('trunkline_call_duration_seconds_sum')).toEqual({ 'plan=starter': 1.5 })
    expect(series('trunkline_overhead_seconds_bucket')).toMatchObject({
      'plan=starter,le=0.005': 0,
      'plan=starter,le=0.01': 1,
      'plan=starter,le=+Inf': 1,
    })
  })

  test('[M1] what was not measured is not observed', () => {
    admit('c1')
    desk.end(ref('c1'), [], record({ firstAudioMs: null, connectMs: null }), start)
    expect(series('trunkline_first_audio_seconds_count')).toEqual({})
    expect(series('trunkline_upstream_connect_seconds_count')).toEqual({})
    expect(series('trunkline_call_duration_seconds_count')).toEqual({ 'plan=starter': 1 })
  })

  test('[M2] has no label of a tenant', () => {
    admit('c1')
    for (const all of Object.values(desk.report(start)))
      for (const id of Object.keys(all)) expect(Object.keys(readSeries(id).labels)).not.toContain('tenant')
    expect(JSON.stringify(desk.report(start))).not.toMatch(/ten_1|Acme|k1|c1/)
  })

  test('[M1] counters outlive the desk, gauges are of now and counted once', () => {
    admit('c1')
    desk.report(start)
    desk.report(start)
    const next = new SqlDesk(store.sql, store.transact)
    next.admit(offer('c2'), start)
    const report = next.report(start)['openai'] ?? {}
    expect(series('trunkline_admissions_total', report)).toEqual({ 'plan=starter,decision=admitted,reason=granted': 2 })
    expect(series('trunkline_calls_live', report)).toEqual({ 'plan=starter': 2 })
    expect(series('trunkline_calls_live', next.report(start + leaseTtlMs)['openai'])).toEqual({ 'plan=starter': 0 })
  })

  test('[M1] is by pool, the gauges in one of them', () => {
    desk.regrant('azure', ample, 'answer', start)
    admit('c1')
    admit('c2', { pool: 'azure' })
    const reports = desk.report(start)
    expect(Object.keys(reports).toSorted()).toEqual(['azure', 'openai'])
    const live = Object.values(reports).flatMap((all) => Object.values(series('trunkline_calls_live', all)))
    expect(live).toEqual([2])
  })
})
