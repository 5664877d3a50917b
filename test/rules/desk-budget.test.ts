// A desk holds its tenant to its budgets: who is let in, who may go on, who is told what, and when. On node:sqlite.
import { beforeEach, describe, expect, test } from 'vitest'
import type { Alert } from '../../src/desk-budget.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { SqlDesk } from '../../src/desk.ts'
import type { Entry } from '../../src/ledger.ts'
import { burnMs, firstMinuteCalls, firstReply, heartbeatMs, leaseTtlMs, lostAfterMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Admission, CallRecord, CallRef, Offer, Progress } from '../../src/ports.ts'
import { readSeries } from '../../src/series.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { ample } from '../support/grants.ts'
import { entry, still } from '../support/words.ts'

const start = Date.parse('2026-11-21T12:20:00.000Z')
const hourEnds = Date.parse('2026-11-21T13:00:00.000Z')
const created_at = '2026-11-10T12:00:00.000Z'
const dayMs = 86_400_000
const replyTokens = firstReply.input + firstReply.output

let store: Store
let desk: SqlDesk

beforeEach(() => {
  store = openSqlite()
  SqlDesk.prepare(store.sql)
  desk = new SqlDesk(store.sql, store.transact)
  return () => store.close()
})

/** A tenant of a hundred lines and no budget but these. */
function open(settings: Partial<TenantSettings> = {}): void {
  const own = TenantSettings.parse({
    name: 'Acme',
    plan: 'scale',
    caps: { lines: 100 },
    overflow: 'event',
    ...settings,
  })
  desk.registry.putTenant({ ...own, id: 'ten_1', created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  desk.registry.putKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  desk.regrant('openai', ample, 'answer', start)
}

function offer(call: string): Offer {
  const whose = { tenant: 'ten_1', keyHash: 'hash', agent: null, caller: null }
  return { call, ...whose, model: 'm', models: ['m'], unserved: null, pool: 'openai' }
}

function ref(call: string): CallRef {
  return { call, tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
}

function told(admission: Admission): string {
  return admission.is === 'refused' || admission.is === 'full' ? admission.refusal.why : admission.is
}

/** `granted` or `queued`, or why not. */
function admit(call: string, at = 0): string {
  return told(desk.admit(offer(call), start + at))
}

let reports = 0
function used(amounts: Entry['amounts']): Entry[] {
  return [entry(`r${reports++}`, amounts)]
}

/** What a call's word is answered with: `kept`, or why it may not go on. */
function debit(call: string, amounts: Entry['amounts'], at = 0, progress: Progress = still): string {
  const { renewal } = desk.debit(ref(call), used(amounts), progress, start + at)
  return renewal.is === 'kept' ? 'kept' : renewal.refusal.why
}

function alertsOf(call: string, amounts: Entry['amounts'], at = 0): string[] {
  return desk.debit(ref(call), used(amounts), still, start + at).alerts.map(shown)
}

function shown(alert: Alert): string {
  if (alert.is === 'suspended') return 'suspended'
  return `${alert.shadow ? 'shadow ' : ''}${alert.level} ${alert.account}/${alert.window} ${alert.used}`
}

function live(ms: number): Progress {
  return { metered: { live_ms: ms, micro_usd: 0 } }
}

/** The series of a metric of budgets, its labels in short. */
function counted(metric: string): [string, number][] {
  const all = Object.entries(desk.report(start)['openai'] ?? {}).map(([id, n]) => [readSeries(id), n] as const)
  return all
    .filter(([{ name }]) => name === metric)
    .map(([{ labels }, n]) => [
      `${labels['level']} ${labels['account']}/${labels['window']} shadow=${labels['shadow']}`,
      n,
    ])
}

function wouldWait(): number | undefined {
  return counted('trunkline_shadow_refusals_total')[0]?.[1]
}

function end(call: string, at = 0, own: Partial<CallRecord> = {}): void {
  const outcome = { by: 'caller', why: 'hung_up', code: 1000, reason: '', inReply: false } as const
  desk.end(ref(call), [], { ...lostRecord('m', 1_000), outcome, ...own }, start + at)
}

/** What is held for a newcomer, whose first reply then takes 400. */
function heldFor(call: string): number | undefined {
  expect(admit(call)).toBe('granted')
  const reading = desk.read(start)?.budgets[0]?.held
  end(call, 0, { firstReplyTokens: 400 })
  return reading
}

describe('what is held', () => {
  const one = { budgets: { tokensPerHour: replyTokens } }

  test('[L4] of a hundred who come at once where there is room for one reply one is let in; when it has gone, the next', () => {
    open(one)
    const answers = Array.from({ length: 100 }, (_, i) => admit(`c${i}`))
    expect(answers.filter((answer) => answer === 'granted')).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'budget_held')).toHaveLength(99)
    expect([desk.read(start)?.lines.live, desk.read(start)?.budgets[0]?.held]).toEqual([1, replyTokens])
    end('c0')
    expect([desk.read(start)?.lines.live, desk.read(start)?.budgets[0]?.held]).toEqual([0, 0])
    expect([admit('next'), admit('after')]).toEqual(['granted', 'budget_held'])
  })

  test('[L4] a budget that is smaller than a reply serves one caller after another', () => {
    open({ budgets: { tokensPerHour: 10 } })
    expect([admit('a'), admit('b')]).toEqual(['granted', 'budget_held'])
    end('a')
    expect(admit('b')).toBe('granted')
  })

  test('[L4] there is room to the token', () => {
    open({ budgets: { tokensPerHour: 2 * replyTokens } })
    expect([admit('a'), admit('b'), admit('c')]).toEqual(['granted', 'granted', 'budget_held'])
    debit('a', { input_text: 1 })
    end('b')
    expect(admit('c')).toBe('budget_held') // one token is used beside what is held for the first
    expect(debit('a', {}, 0, { ...still, hold: { input: 0, output: 0, micro_usd: 0 } })).toBe('kept')
    expect(admit('c')).toBe('granted')
  })

  test('[L4] it dies with the lease of a call that is not heard of any more, and is held on by one that is', () => {
    open(one)
    admit('a')
    desk.renew(ref('a'), null, still, start + 20_000)
    expect([admit('b', leaseTtlMs), admit('b', 20_000 + leaseTtlMs - 1)]).toEqual(['budget_held', 'budget_held'])
    expect(admit('b', 20_000 + leaseTtlMs)).toBe('granted')
  })

  test('[L4] who waits for a line holds nothing, and when its turn comes it has its own', () => {
    open({ budgets: { tokensPerHour: 3 * replyTokens }, caps: { lines: 1, agents: {} }, overflow: 'hold' })
    expect([admit('a'), admit('b'), admit('c')]).toEqual(['granted', 'queued', 'queued'])
    expect(desk.read(start)?.budgets[0]?.held).toBe(replyTokens)
    end('a')
    expect(desk.advance(start)).toEqual(['b'])
    expect(desk.read(start)?.budgets[0]?.held).toBe(replyTokens)
  })

  test('[L4] a newcomer is taken to need what the first replies of its tenant took, once twenty have shown it', () => {
    open({ budgets: { tokensPerHour: 1_000_000 } })
    const seen = Array.from({ length: firstMinuteCalls + 1 }, (_, i) => heldFor(`c${i}`))
    expect(new Set(seen.slice(0, -1))).toEqual(new Set([replyTokens]))
    expect(seen.at(-1)).toBe(400)
  })
})

describe('what is spent', () => {
  test('[L6] at 80 % it is told once, at 100 % once, and at 100 % nobody may go on or come', () => {
    open({ budgets: { tokensPerHour: 1_000 }, timezone: 'UTC' })
    admit('a')
    expect(alertsOf('a', { input_text: 799 })).toEqual([])
    expect(alertsOf('a', { output_text: 1 })).toEqual(['warning tokens/hour 800'])
    expect(alertsOf('a', { output_text: 199 })).toEqual([])
    expect(debit('a', {})).toBe('kept')
    expect(alertsOf('a', { output_audio: 1 })).toEqual(['exhausted tokens/hour 1000'])
    expect(alertsOf('a', { output_audio: 500 })).toEqual([])
    expect([debit('a', {}), desk.renew(ref('a'), null, still, start).renewal]).toMatchObject([
      'budget_exhausted',
      { is: 'withdrawn', refusal: { why: 'budget_exhausted' } },
    ])
    expect(desk.admit(offer('b'), start)).toEqual({
      is: 'refused',
      refusal: {
        why: 'budget_exhausted',
        details: { whose: 'The', amount: 1_000, what: 'tokens', window: 'hour', ends: '2026-11-21T13:00:00.000Z' },
        retryAfterMs: hourEnds - start,
      },
      beforeUpgrade: false,
    })
  })

  test('[L5] [L6] when its window is over all begins anew, also what is told', () => {
    open({ budgets: { tokensPerHour: 1_000 } })
    admit('a')
    debit('a', { input_text: 1_000 })
    const later = hourEnds - start
    expect([admit('b', later - 1), admit('b', later)]).toEqual(['budget_exhausted', 'granted'])
    expect(alertsOf('b', { input_text: 1_000 }, later)).toEqual([
      'warning tokens/hour 1000',
      'exhausted tokens/hour 1000',
    ])
  })

  test.each([
    ['hold', { is: 'full' }],
    ['upgrade', { is: 'refused', beforeUpgrade: true }],
    ['event', { is: 'refused', beforeUpgrade: false }],
  ] as const)('[L6] [H6] where overflow is %s a newcomer hears of it in that way', (overflow, answer) => {
    open({ budgets: { spendUsdPerDay: 0.001 }, overflow })
    admit('a')
    expect(debit('a', { micro_usd: 1_000 })).toBe('budget_exhausted')
    const refusal = { why: 'budget_exhausted', details: { amount: 0.001, what: 'US dollars', window: 'day' } }
    expect(desk.admit(offer('b'), start)).toMatchObject({ ...answer, refusal })
    expect(desk.records.list(9)).toHaveLength(1)
  })

  test('[L6] a budget that is raised lets callers in at once; one that is lowered below what was used stops all', () => {
    open({ budgets: { tokensPerHour: 1_000 } })
    admit('a')
    debit('a', { input_text: 1_000 })
    expect(desk.affected(start)).toMatchObject({ calls: ['a'], refusal: { why: 'budget_exhausted' } })
    desk.edits.change({ budgets: { tokensPerHour: 10_000 } })
    expect([admit('b'), debit('a', {}), desk.judge(start), desk.affected(start).refusal]).toEqual([
      'granted',
      'kept',
      [],
      undefined,
    ])
    desk.edits.change({ budgets: { tokensPerHour: 1_100 } })
    expect(desk.judge(start).map(shown)).toEqual(['warning tokens/hour 1000'])
    expect(debit('a', {})).toBe('kept')
    desk.edits.change({ budgets: { tokensPerHour: 1_000 } })
    expect(desk.judge(start).map(shown)).toEqual(['warning tokens/hour 1000']) // that it is exhausted was told of this limit
    expect(desk.affected(start)).toMatchObject({ calls: ['a', 'b'], refusal: { why: 'budget_exhausted' } })
  })

  test('[L6] who waits for a line when it is spent hears so when it asks again', () => {
    open({ budgets: { tokensPerHour: 10_000 }, caps: { lines: 1, agents: {} }, overflow: 'hold' })
    admit('a')
    expect(admit('b')).toBe('queued')
    debit('a', { input_text: 10_000 })
    expect(desk.affected(start).calls).toEqual(['a', 'b'])
    expect(desk.admit(offer('b'), start)).toMatchObject({ is: 'refused', refusal: { why: 'budget_exhausted' } })
    expect(admit('a')).toBe('granted') // one that has its line is ended elsewhere
  })

  test('[L6] a call that has spent its own budget may not go on, and others of its tenant may', () => {
    open({ callBudgets: { outputTokensPerHour: 100 } })
    admit('a')
    admit('b')
    expect([debit('a', { output_text: 99 }), debit('b', { output_text: 99 })]).toEqual(['kept', 'kept'])
    expect(desk.debit(ref('a'), used({ output_audio: 1 }), still, start)).toMatchObject({
      renewal: {
        is: 'withdrawn',
        refusal: { why: 'budget_exhausted', details: { whose: 'This call’s', amount: 100 } },
      },
      alerts: [],
    })
    expect([debit('b', {}), admit('c'), debit('a', {}, hourEnds - start)]).toEqual(['kept', 'granted', 'kept'])
  })

  test('[L6] [L8] live time is spent as it passes, by what each call has told', () => {
    open({ budgets: { liveMinutesPerHour: 2 } })
    admit('a')
    admit('b')
    expect([debit('a', {}, 0, live(60_000)), debit('b', {}, 0, live(59_999))]).toEqual(['kept', 'kept'])
    expect([debit('b', {}, 0, live(59_999)), debit('b', {}, 0, live(60_000))]).toEqual(['kept', 'budget_exhausted'])
  })

  test('[L6] budgets that are only tried are told as such, and refuse nobody', () => {
    open({ budgets: { tokensPerHour: 5_000 }, shadow: { lines: null, budgets: { tokensPerHour: 1_000 } } })
    admit('a')
    expect(alertsOf('a', { input_text: 1_000 })).toEqual([
      'shadow warning tokens/hour 1000',
      'shadow exhausted tokens/hour 1000',
    ])
    expect([debit('a', {}), admit('b'), desk.affected(start).refusal]).toEqual(['kept', 'granted', undefined])
    expect(alertsOf('a', { input_text: 3_000 })).toEqual(['warning tokens/hour 4000'])
    expect(counted('trunkline_budget_alerts_total')).toEqual([
      ['warning tokens/hour shadow=true', 1],
      ['exhausted tokens/hour shadow=true', 1],
      ['warning tokens/hour shadow=false', 1],
    ])
  })
})

describe('lines that are only tried', () => {
  test('[M1] a newcomer that has a line at once where it would have had none is counted, and let in all the same', () => {
    open({ shadow: { lines: 2, budgets: {} } })
    expect([admit('a'), admit('b'), wouldWait()]).toEqual(['granted', 'granted', undefined])
    expect([admit('c'), wouldWait()]).toEqual(['granted', 1])
    expect([admit('c'), admit('a'), wouldWait()]).toEqual(['granted', 'granted', 1]) // asked again
    end('a')
    end('b')
    expect([admit('d'), wouldWait()]).toEqual(['granted', 1])
    expect([admit('e'), wouldWait()]).toEqual(['granted', 2])
  })

  test('[M1] who waits or is refused is not counted, nor is anybody where nothing is tried', () => {
    open({ shadow: { lines: 0, budgets: {} }, caps: { lines: 1, agents: {} }, overflow: 'hold' })
    expect([admit('a'), admit('b'), wouldWait()]).toEqual(['granted', 'queued', 1])
    end('a')
    expect([desk.advance(start), admit('b'), wouldWait()]).toEqual([['b'], 'granted', 1])
    desk.edits.change({ overflow: 'event' })
    expect([admit('c'), wouldWait()]).toEqual(['lines_full', 1])
    for (const shadow of [null, { lines: null, budgets: {} }]) {
      end('b')
      desk.edits.change({ shadow, caps: { lines: 9 } })
      expect([admit(`one of ${shadow?.lines}`), wouldWait()]).toEqual(['granted', 1])
    }
  })
})

describe('trials', () => {
  /** Nothing but the rate stops it. */
  const rich = { spendUsdPerHour: 1e6, tokensPerDay: 1e12, inputTokensPerHour: 1e12, outputTokensPerHour: 1e12 }
  /** In ten minutes, at $50 an hour. */
  const most = 8_333_333

  test('[L7] at more than $50 an hour over ten minutes it is suspended, and says so once', () => {
    open({ plan: 'trial', budgets: rich })
    admit('a')
    expect(alertsOf('a', { micro_usd: most })).toEqual([])
    const { alerts, renewal } = desk.debit(ref('a'), used({ micro_usd: 1 }), still, start)
    expect(alerts).toEqual([{ is: 'suspended', micro_usd_per_hour: 50_000_004, most: 50_000_000 }])
    expect(renewal).toEqual({
      is: 'withdrawn',
      refusal: { why: 'tenant_suspended', details: { since: '2026-11-21T12:20:00.000Z' } },
    })
    expect(alertsOf('a', { micro_usd: most })).toEqual([])
    expect([admit('b'), desk.read(start)?.suspended]).toEqual(['tenant_suspended', start])
    expect(desk.affected(start)).toMatchObject({ calls: ['a'], refusal: { why: 'tenant_suspended' } })
  })

  test('[L7] what was spent ten minutes ago counts no more', () => {
    open({ plan: 'trial', budgets: rich })
    admit('a')
    expect(alertsOf('a', { micro_usd: most })).toEqual([])
    expect(alertsOf('a', { micro_usd: most }, burnMs)).toEqual([])
    expect(alertsOf('a', { micro_usd: 1 }, 2 * burnMs - 1)).toEqual(['suspended'])
  })

  test('[L7] it stays so until it is lifted, and then nothing of before is held against it', () => {
    open({ plan: 'trial', budgets: rich })
    admit('a')
    expect(desk.resume()).toBe(false)
    debit('a', { micro_usd: most + 1 })
    expect(admit('b', dayMs)).toBe('tenant_suspended')
    expect([desk.resume(), desk.resume(), admit('b')]).toEqual([true, false, 'granted'])
    expect([alertsOf('b', { micro_usd: most }), alertsOf('b', { micro_usd: 1 })]).toEqual([[], ['suspended']])
  })

  test('[L7] a plan that is paid for may burn', () => {
    open({ plan: 'starter', budgets: rich })
    admit('a')
    expect(debit('a', { micro_usd: 100_000_000 })).toBe('kept')
  })

  test('[L7] a trial ends after its days, to the millisecond, and a longer one later', () => {
    open({ plan: 'trial', budgets: rich })
    const ends = Date.parse(created_at) + 14 * dayMs - start
    expect([admit('a', ends - 1), admit('b', ends)]).toEqual(['granted', 'trial_ended'])
    expect(debit('a', {}, ends)).toBe('trial_ended')
    desk.edits.change({ trialDays: 15 })
    expect([admit('c', ends), admit('d', ends + dayMs)]).toEqual(['granted', 'trial_ended'])
    desk.edits.change({ trialDays: 0 })
    expect(admit('e')).toBe('trial_ended')
    desk.edits.change({ plan: 'starter' })
    expect(admit('e')).toBe('granted')
  })
})

test('[L1] [L8] [G9] of a call that was lost and never came back the ledger has the time that its record has', () => {
  open()
  admit('a')
  desk.debit(ref('a'), used({ input_text: 7 }), { metered: { live_ms: 60_000, micro_usd: 0 } }, start + 60_000)
  for (const at of [100_000, 110_000, 110_000 + lostAfterMs]) desk.sweep(start + at)
  const [kept] = desk.records.list(1)
  expect(kept?.record).toMatchObject({ tokens: 7, liveMs: 60_000 + heartbeatMs, silentMs: heartbeatMs })
  const { hour, day, month } = desk.read(start)?.usage ?? {}
  for (const usage of [day, month]) expect(usage).toMatchObject({ lost: 1, calls: 1, live_ms: 70_000, tokens: 7 })
  expect(hour).toMatchObject({ live_ms: 70_000 })
})
