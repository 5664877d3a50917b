// A desk holds its tenant to its budgets, end to end over SQL. On node:sqlite.
import { beforeEach, describe, expect, test } from 'vitest'
import { SqlDesk } from '../../src/desk.ts'
import type { Heard } from '../../src/desk-books.ts'
import { burnMs, firstReply, leaseTtlMs, lostAfterMs, pageKeptMs } from '../../src/limits.ts'
import { TenantSettings, type TenantChange } from '../../src/plan-settings.ts'
import { changed, plans, type PlanName, type Tenant } from '../../src/plan.ts'
import type { Admission, CallRecord, CallRef, Offer, Progress } from '../../src/ports.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { ample, grantOf } from '../support/grants.ts'
import { entry, still, unremarkable } from '../support/words.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
let store: Store
let desk: SqlDesk

beforeEach(() => {
  store = openSqlite()
  return () => store.close()
})

/** A desk whose tenant has such settings; its pool gives what it wants. */
function open(settings: Partial<TenantSettings> & { plan?: PlanName } = {}): void {
  SqlDesk.prepare(store.sql)
  desk = new SqlDesk(store.sql, store.transact)
  const own = TenantSettings.parse({ name: 'Acme', plan: 'scale', overflow: 'event', ...settings })
  desk.registry.putTenant({ ...own, id: 'ten_1', created_at: '2026-11-21T00:00:00.000Z' })
  const times = { created_at: '2026-11-21T00:00:00.000Z', expires_at: null, revoked_at: null }
  for (const id of ['k1', 'k2'])
    desk.registry.putKey({ id, name: id, lines: null, headStartSeconds: 0, hint: '…', ...times }, `hash of ${id}`)
  desk.regrant('openai', ample, 'answer', start)
}

function change(to: TenantChange): void {
  desk.registry.putTenant(changed(desk.registry.tenant() as Tenant, to))
}

function admit(call: string, at = 0, agent: string | null = null): Admission {
  const asks = { model: 'gpt-realtime', models: ['gpt-realtime'], unserved: null, pool: 'openai', caller: null }
  const offer: Offer = { call, tenant: 'ten_1', keyHash: 'hash of k1', agent, ...asks }
  return desk.admit(offer, start + at)
}

function consider(call: string): Admission | undefined {
  const asks = { model: 'gpt-realtime', models: ['gpt-realtime'], unserved: null, pool: 'openai', caller: null }
  return desk.consider({ call, tenant: 'ten_1', keyHash: 'hash of k1', agent: null, ...asks }, start)
}

/** `granted`, `queued`, or why not. */
function said(admission: Admission): string {
  return admission.is === 'refused' || admission.is === 'full' ? admission.refusal.why : admission.is
}

function ref(call: string, agent: string | null = null): CallRef {
  return { call, tenant: 'ten_1', key: 'k1', agent, caller: null, model: 'gpt-realtime', pool: 'openai' }
}

let reports = 0
function debit(call: string, amounts: Record<string, number>, at = 0, progress: Progress = still): Heard {
  return desk.debit(ref(call), [entry(`r${reports++}`, amounts)], progress, start + at)
}

function why({ renewal }: Heard): string {
  return renewal.is === 'withdrawn' ? renewal.refusal.why : renewal.is
}

function alerts({ alerts }: Pick<Heard, 'alerts'>): string[] {
  return alerts.map((alert) =>
    alert.is === 'suspended'
      ? `suspended ${alert.micro_usd_per_hour}`
      : `${alert.shadow ? 'shadow ' : ''}${alert.level} ${alert.window} ${alert.account}`,
  )
}

function record(call: string, own: Partial<CallRecord> = {}): CallRecord {
  const outcome = { by: 'caller', why: 'hung_up', code: 1000, reason: call, inReply: false } as const
  const times = { waitedMs: 0, liveMs: 0, firstAudioMs: null, overheadMs: 0, connectMs: null }
  const figures = { tokens: 0, microUsd: 0, replies: 0, peakContextTokens: 0, firstMinuteTokens: null }
  return { model: 'gpt-realtime', outcome, ...times, ...figures, ...unremarkable, ...own }
}

function metered(live_ms: number, micro_usd = 0): Progress {
  return { metered: { live_ms, micro_usd } }
}

/** Names of rosters that have anything in them. */
function rosters(like: string): unknown[] {
  const both = 'SELECT name FROM roster WHERE name LIKE ? UNION SELECT name FROM packed WHERE name LIKE ? ORDER BY name'
  return store.sql(both, like, like).map(({ name }) => name)
}

/** What `/metrics` counts of alerts. */
function told(): Record<string, number> {
  const series = Object.entries(desk.report(start)['openai'] ?? {}).filter(([id]) =>
    id.startsWith('trunkline_budget_alerts_total'),
  )
  return Object.fromEntries(series.map(([id, count]) => [/"level":"(\w+)"/.exec(id)?.[1], count]))
}

function budgets(at = 0) {
  return desk.read(start + at)?.budgets ?? []
}

describe('a budget', () => {
  test('[L6] warns and stops with the debit that reaches it, and from then on nobody comes in until its window ends', () => {
    open({ budgets: { tokensPerDay: 1_000 } })
    admit('c1')
    const heard = [
      debit('c1', { input_text: 799 }),
      debit('c1', { output_audio: 1 }),
      debit('c1', { input_audio: 200 }),
    ]
    expect(heard.map(alerts)).toEqual([[], ['warning day tokens'], ['exhausted day tokens']])
    expect(heard.map(why)).toEqual(['kept', 'kept', 'budget_exhausted'])
    expect(said(admit('c2', 5))).toBe('budget_exhausted')
    const midnight = start + 12 * hour
    expect(admit('c3', 5)).toMatchObject({
      refusal: {
        retryAfterMs: midnight - start - 5,
        details: { amount: 1_000, what: 'tokens', window: 'day', ends: '2026-11-22T00:00:00.000Z' },
      },
    })
    expect(said(admit('c4', 12 * hour - 1))).toBe('budget_exhausted')
    expect(said(admit('c5', 12 * hour))).toBe('granted')
  })

  test('[L6] one call’s debit is told to the others when they speak, with heartbeat or report', () => {
    open({ budgets: { outputTokensPerHour: 1_000 } })
    for (const call of ['c1', 'c2']) admit(call)
    debit('c1', { output_text: 1_000 })
    expect(why(desk.renew(ref('c2'), null, still, start))).toBe('budget_exhausted')
    expect(why(debit('c2', { input_text: 1 }))).toBe('budget_exhausted')
    expect(desk.affected(start)).toMatchObject({ calls: ['c1', 'c2'], refusal: { why: 'budget_exhausted' } })
  })

  test('[L6] the last report of a call counts, also when it comes with its end', () => {
    open({ budgets: { spendUsdPerMonth: 0.01 } })
    admit('c1')
    expect(alerts(desk.end(ref('c1'), [entry('r', { micro_usd: 10_000 })], record('c1'), start))).toEqual([
      'warning month micro_usd',
      'exhausted month micro_usd',
    ])
    expect(admit('c2')).toMatchObject({ refusal: { details: { amount: 0.01, what: 'US dollars', window: 'month' } } })
  })

  test('[L6] a plan has its own, and a tenant’s stand over them name by name', () => {
    open({ plan: 'starter', budgets: { tokensPerDay: 2_000_000, tokensPerMonth: 5 } })
    expect(budgets().map(({ window, account, amount }) => `${window} ${account} ${amount}`)).toEqual([
      'hour input 50000',
      'hour output 25000',
      'hour micro_usd 5000000',
      'hour tts_characters 50000',
      'day tokens 2000000',
      'month tokens 5',
    ])
  })

  test('[L9] reads what is used, held and left, and when it begins anew', () => {
    open({ budgets: { tokensPerDay: 5_000 } })
    admit('c1')
    expect(budgets()[0]).toEqual({
      window: 'day',
      account: 'tokens',
      amount: 5_000,
      used: 0,
      held: firstReply.input + firstReply.output,
      left: 5_000 - firstReply.input - firstReply.output,
      ends: start + 12 * hour,
      shadow: false,
    })
    debit('c1', { input_text: 4_900 }, 0, { ...still, hold: { input: 90, output: 70, micro_usd: 1 } })
    expect(budgets()[0]).toMatchObject({ used: 4_900, held: 160, left: 0 })
  })

  test('[L6] lowered below what is used it is spent at once, and told once; raised it lets in again', () => {
    open({ budgets: { tokensPerDay: 10_000 } })
    admit('c1')
    debit('c1', { input_text: 2_000 })
    change({ budgets: { tokensPerDay: 1_500 } })
    expect(alerts({ alerts: desk.judge(start) })).toEqual(['warning day tokens', 'exhausted day tokens'])
    expect(desk.judge(start)).toEqual([])
    expect(told()).toEqual({ warning: 1, exhausted: 1 })
    expect(said(admit('c2'))).toBe('budget_exhausted')
    change({ budgets: { tokensPerDay: 4_000 } })
    expect([desk.judge(start), said(admit('c2'))]).toEqual([[], 'granted'])
    change({ budgets: { tokensPerDay: null } })
    expect(said(admit('c3'))).toBe('granted')
  })

  test('[L6] a shadow’s is told and keeps nobody out', () => {
    open({ shadow: { lines: null, budgets: { tokensPerDay: 100 } } })
    admit('c1')
    const heard = debit('c1', { input_text: 100 })
    expect([alerts(heard), why(heard)]).toEqual([['shadow warning day tokens', 'shadow exhausted day tokens'], 'kept'])
    expect(said(admit('c2'))).toBe('granted')
    expect(budgets()).toMatchObject([{ shadow: true, used: 100, amount: 100, left: 0 }])
  })

  test('[L6] of a call ends that call alone, and begins anew with the hour', () => {
    open({ callBudgets: { inputTokensPerHour: 500 } })
    for (const call of ['c1', 'c2']) admit(call)
    expect(why(debit('c1', { input_audio: 499 }))).toBe('kept')
    const over = debit('c1', { input_audio: 1 })
    const refusal = { why: 'call_budget_exhausted', details: { amount: 500, what: 'input tokens', window: 'hour' } }
    expect(over).toEqual({ alerts: [], renewal: { is: 'withdrawn', refusal }, waits: false })
    expect(why(debit('c2', { input_audio: 499 }))).toBe('kept')
    expect(said(admit('c3'))).toBe('granted')
    expect(why(debit('c2', { input_audio: 400 }, hour))).toBe('kept')
    expect(why(debit('c2', { input_audio: 100 }, hour + 1))).toBe('call_budget_exhausted')
  })

  test('[L5] by the tenant’s clock: an evening in New York is the next morning in Berlin', () => {
    open({ budgets: { tokensPerDay: 100 }, timezone: 'Europe/Berlin' })
    admit('c1')
    debit('c1', { input_text: 100 }, 11 * hour - 1)
    desk.end(ref('c1'), [], record('c1'), start + 11 * hour - 1)
    expect([said(admit('c2', 11 * hour - 1)), said(admit('c3', 11 * hour))]).toEqual(['budget_exhausted', 'granted'])
    change({ timezone: 'America/New_York' })
    expect(said(admit('c4', 11 * hour))).toBe('budget_exhausted') // there it is still that day
  })
})

describe('what is held', () => {
  test('[L4] lets go at the sweep of what ran out', () => {
    open()
    admit('c1')
    const held = () => desk.rosters.get('held:input').size()
    expect(held()).toBe(1)
    desk.sweep(start + leaseTtlMs)
    expect(held()).toBe(0)
  })

  test('[G2] a newcomer whose pool was asked meanwhile gives its ticket back when the budget is gone', () => {
    open({ budgets: { tokensPerDay: 5_000 } })
    admit('c1')
    desk.regrant('openai', grantOf(0, 0, 2), 'answer', start)
    expect(consider('c2')).toBeUndefined()
    debit('c1', { input_text: 5_000 })
    expect(said(admit('c2'))).toBe('budget_exhausted')
    expect(desk.rosters.get('queue').size() + desk.rosters.get('tickets').size()).toBe(0)
  })

  test('[L4] of a hundred who come at once for a budget of one the first has it; when it ends the next may', () => {
    open({ budgets: { tokensPerDay: firstReply.input + firstReply.output } })
    const all = Array.from({ length: 100 }, (_, i) => said(admit(`c${i}`)))
    expect([all.filter((one) => one === 'granted').length, new Set(all.slice(1))]).toEqual([
      1,
      new Set(['budget_held']),
    ])
    desk.end(ref('c0'), [], record('c0'), start)
    expect([said(admit('d1')), said(admit('d2'))]).toEqual(['granted', 'budget_held'])
  })

  test('[L4] there is room to the token', () => {
    open({ budgets: { tokensPerHour: 2 * (firstReply.input + firstReply.output) } })
    expect([said(admit('c1')), said(admit('c2')), said(admit('c3'))]).toEqual(['granted', 'granted', 'budget_held'])
    debit('c1', { input_text: 1 })
    desk.end(ref('c2'), [], record('c2'), start)
    expect(said(admit('c3'))).toBe('budget_held') // beside what is held for the first one token is used
    debit('c1', {}, 0, { ...still, hold: { input: 0, output: 0, micro_usd: 0 } })
    expect(said(admit('c3'))).toBe('granted')
  })

  test('[L4] comes back when its lease runs out, and not before', () => {
    open({ budgets: { tokensPerDay: 1_000 } })
    admit('c1')
    expect(said(admit('c2', leaseTtlMs - 1))).toBe('budget_held')
    expect(said(admit('c3', leaseTtlMs))).toBe('granted')
  })

  test('[L4] goes on with each heartbeat, until the call says otherwise', () => {
    open({ budgets: { tokensPerDay: 1_000 } })
    admit('c1')
    desk.renew(ref('c1'), null, still, start + 20_000)
    expect(said(admit('c2', 40_000))).toBe('budget_held')
    desk.renew(ref('c1'), null, { ...still, hold: { input: 0, output: 0, micro_usd: 0 } }, start + 41_000)
    expect(said(admit('c3', 42_000))).toBe('granted')
  })

  test('[L4] a caller that waits holds nothing until it has its line', () => {
    open({ caps: { lines: 1, agents: {} }, overflow: 'hold', budgets: { tokensPerDay: 2_000 } })
    expect(['c1', 'c2', 'c3'].map((call) => said(admit(call)))).toEqual(['granted', 'queued', 'queued'])
    expect(budgets()[0]?.held).toBe(1_000)
  })

  test('[L4] a newcomer who is turned away takes nothing: neither line, nor place, nor hold', () => {
    open({ budgets: { tokensPerDay: 1_000 }, overflow: 'hold' })
    admit('c1')
    expect(admit('c2')).toMatchObject({ is: 'full', refusal: { why: 'budget_held' } })
    expect(desk.read(start)?.lines).toMatchObject({ live: 1, waiting: 0 })
    expect(desk.records.get('c2')).toBeUndefined()
    expect(budgets()[0]?.held).toBe(1_000)
  })

  test('[L4] is learned from first replies, once twenty calls have shown theirs', () => {
    open()
    for (let i = 0; i < 20; i++) {
      admit(`t${i}`)
      desk.end(ref(`t${i}`), [], record('t', { liveMs: minute, firstReplyTokens: 3_000 }), start)
    }
    change({ budgets: { tokensPerDay: 10_000 } })
    admit('c1')
    expect(budgets()[0]?.held).toBe(3_000)
  })
})

describe('a tenant that may not talk', () => {
  const most = (plans.trial.suspendUsdPerHour ?? 0) * 1_000_000

  test('[L7] a trial that spends faster than its bound over ten minutes is suspended, until that is lifted', () => {
    open({ plan: 'trial', budgets: { spendUsdPerHour: 1_000, tokensPerDay: 1e9 } })
    admit('c1')
    const atBound = debit('c1', { micro_usd: Math.floor(most / 6) })
    expect([alerts(atBound), why(atBound)]).toEqual([[], 'kept'])
    const above = debit('c1', { micro_usd: 1 }, burnMs - 1)
    expect([alerts(above), why(above)]).toEqual([['suspended 50000004'], 'tenant_suspended'])
    expect(alerts(debit('c1', { micro_usd: most }, burnMs))).toEqual([]) // once
    expect(desk.read(start)?.suspended).toBe(start + burnMs - 1)
    expect([said(admit('c2', day)), desk.affected(start).refusal?.why]).toEqual([
      'tenant_suspended',
      'tenant_suspended',
    ])
    expect([desk.resume(start), desk.resume(start)]).toEqual([true, false])
    expect([said(admit('c3', day)), desk.read(start + day)?.suspended]).toEqual(['granted', null])
    expect(alerts(debit('c3', { micro_usd: 1 }, day))).toEqual([])
  })

  test('[L7] at its bound it may go on; and spend that led to a suspension is forgotten when that is lifted', () => {
    open({ plan: 'trial', budgets: { spendUsdPerHour: 1_000 } })
    change({ trialDays: 100 })
    admit('c1')
    for (let i = 0; i < 3; i++) debit('c1', { micro_usd: Math.floor(most / 18) }, i)
    expect(alerts(debit('c1', { micro_usd: 2 }, 4))).toEqual([]) // 50.000000 USD an hour
    expect(alerts(debit('c1', { micro_usd: 1 }, 5))).toEqual(['suspended 50000004'])
    desk.resume(start)
    expect(alerts(debit('c1', { micro_usd: 1 }, 6))).toEqual([])
  })

  test('[L7] spend that lies longer back than ten minutes does not count', () => {
    open({ plan: 'trial', budgets: { spendUsdPerHour: 1_000 } })
    admit('c1')
    debit('c1', { micro_usd: Math.floor(most / 6) })
    expect(alerts(debit('c1', { micro_usd: Math.floor(most / 6) }, burnMs))).toEqual([])
  })

  test('[L7] who pays is not suspended', () => {
    open({ plan: 'growth', budgets: { spendUsdPerHour: 1e6 } })
    admit('c1')
    expect(why(debit('c1', { micro_usd: 10 * most }))).toBe('kept')
  })

  test('[L7] a trial ends after its days, or those of its own; its calls hear so', () => {
    open({ plan: 'trial' })
    const over = (plans.trial.trialDays ?? 0) * day - 12 * hour
    expect([said(admit('c1', over - 1)), said(admit('c2', over))]).toEqual(['granted', 'trial_ended'])
    expect(desk.renew(ref('c1'), null, still, start + over)).toMatchObject({
      renewal: { refusal: { why: 'trial_ended', details: { days: 14 } } },
    })
    change({ trialDays: 20 })
    expect(said(admit('c3', over))).toBe('granted')
    change({ trialDays: 0 })
    expect(said(admit('c4'))).toBe('trial_ended')
    change({ plan: 'starter' })
    expect(said(admit('c5'))).toBe('granted')
  })

  test('[L6] one who waits is turned away when it asks; one who has its line is not asked for it again', () => {
    open({ caps: { lines: 1, agents: {} }, overflow: 'hold', budgets: { tokensPerDay: 5_000 } })
    for (const call of ['c1', 'c2']) admit(call)
    debit('c1', { input_text: 5_000 })
    expect(admit('c2')).toMatchObject({ is: 'refused', refusal: { why: 'budget_exhausted' } })
    expect(said(admit('c1'))).toBe('granted')
  })

  test('[H6] hears why: in its ear, as an event, or before the upgrade, as its tenant wants it', () => {
    open({ budgets: { tokensPerDay: 0 } })
    expect(admit('c1')).toMatchObject({ is: 'refused', beforeUpgrade: false })
    change({ overflow: 'upgrade' })
    expect(admit('c2')).toMatchObject({ is: 'refused', beforeUpgrade: true })
    change({ overflow: 'hold' })
    expect(admit('c3')).toMatchObject({ is: 'full', terms: { key: 'k1' } })
  })
})

test('[L5] a window of which something was told is forgotten in time, also where nothing was used in it', () => {
  open({ budgets: { tokensPerDay: 0 } })
  desk.judge(start)
  expect(rosters('told:%')).toHaveLength(1)
  change({ budgets: { tokensPerDay: null } })
  desk.sweep(start + 12 * hour + pageKeptMs.day)
  expect(rosters('told:%')).toEqual([])
})

describe('what is metered', () => {
  test('[L8] live time is debited while it passes, by its growth, and never twice', () => {
    open({ budgets: { liveMinutesPerHour: 2 } })
    admit('c1')
    desk.renew(ref('c1'), null, metered(10_000, 8), start)
    desk.renew(ref('c1'), null, metered(10_000, 8), start) // asked again
    desk.renew(ref('c1'), null, metered(4_000), start) // late
    expect(desk.read(start)?.usage.day).toMatchObject({ live_ms: 10_000, micro_usd: 8 })
    expect(why(desk.renew(ref('c1'), null, metered(2 * minute - 1, 96), start))).toBe('kept')
    expect(why(desk.renew(ref('c1'), null, metered(2 * minute, 96), start))).toBe('budget_exhausted')
    desk.end(ref('c1'), [], record('c1', { liveMs: 2 * minute + 500, timeMicroUsd: 100 }), start)
    expect(desk.read(start)?.usage.day).toMatchObject({ live_ms: 120_500, micro_usd: 100, calls: 1 })
  })

  test('[L1] [C1] of a lost call is recorded what it had told, since when it was silent, and that it was lost', () => {
    open()
    admit('c1')
    debit('c1', { replies: 1, input_text: 90, output_text: 10, micro_usd: 70 }, 4_000, {
      metered: { live_ms: 4_000, micro_usd: 5 },
    })
    desk.lose('c1', start + 9_000)
    expect(desk.records.get('c1')?.record).toMatchObject({
      outcome: { why: 'call_reset' },
      tokens: 100,
      microUsd: 75,
      timeMicroUsd: 5,
      replies: 1,
      liveMs: 9_000,
      silentMs: 5_000,
    })
    expect(desk.read(start)?.usage.day).toMatchObject({ lost: 1, calls: 1, live_ms: 9_000, micro_usd: 75 })
  })

  test('[L1] a lost call was silent for a heartbeat at most: it speaks with each', () => {
    open()
    admit('c1')
    desk.renew(ref('c1'), null, { metered: { live_ms: 1_000, micro_usd: 0 } }, start + 1_000)
    desk.lose('c1', start + hour)
    expect(desk.records.get('c1')?.record).toMatchObject({ silentMs: 10_000, liveMs: 11_000 })
  })

  test('[L6] a threshold that a lost call reaches is told by the next word of another, or by the next sweep', () => {
    open({ budgets: { liveMinutesPerHour: 1 } })
    for (const call of ['c1', 'c2']) admit(call)
    desk.renew(ref('c1'), null, metered(45_000), start + 45_000)
    desk.lose('c1', start + 55_000)
    expect(desk.read(start)?.usage.hour.live_ms).toBe(55_000)
    expect(alerts(desk.renew(ref('c2'), null, still, start + 56_000))).toEqual(['warning hour live_ms'])
    desk.lose('c2', start + 66_000)
    expect(alerts({ alerts: desk.sweep(start + 66_000) })).toEqual(['exhausted hour live_ms'])
    expect(desk.sweep(start + 66_000)).toEqual([])
  })

  test('[L6] a threshold is told by the sweep that finds a call lost', () => {
    open({ budgets: { liveMinutesPerHour: 1 } })
    admit('c1')
    desk.renew(ref('c1'), null, metered(45_000), start + 45_000)
    const at = [45_000 + leaseTtlMs, 45_000 + leaseTtlMs + lostAfterMs].map((ms) => start + ms)
    expect(at.map((now) => alerts({ alerts: desk.sweep(now) }))).toEqual([[], ['warning hour live_ms']])
  })

  test('[L1] [L8] of a lost call that never came back the ledger has the time that its record has', () => {
    open()
    admit('c1')
    debit('c1', { input_text: 7 }, minute, metered(minute))
    for (const at of [100_000, 110_000, 110_000 + lostAfterMs]) desk.sweep(start + at)
    expect(desk.records.get('c1')?.record).toMatchObject({ tokens: 7, liveMs: 70_000, silentMs: 10_000 })
    const { usage } = desk.read(start) ?? {}
    for (const used of [usage?.hour, usage?.day, usage?.month]) expect(used).toMatchObject({ live_ms: 70_000, lost: 1 })
  })

  test('[L2] is told apart by key, model and agent, by hour and by day', () => {
    open()
    admit('c1', 0, 'sales')
    desk.debit(
      ref('c1', 'sales'),
      [entry('r', { replies: 1, input_text: 5 }), { ...entry('t', { transcribed_ms: 900 }), model: 'whisper-1' }],
      still,
      start,
    )
    const names = ['hour:2026-11-21T12+00:00', 'day:2026-11-21']
    for (const name of names) {
      expect(desk.rosters.get(`cells:${name}`).first(9)).toEqual(['k1\ngpt-realtime\nsales', 'k1\nwhisper-1\nsales'])
      expect(desk.rosters.get(`split:${name}`).get('1/input_text')).toBe(5)
      expect(desk.rosters.get(`split:${name}`).get('2/transcribed_ms')).toBe(900)
    }
    expect(desk.rosters.get('cells:month:2026-11').size()).toBe(0)
  })

  test('[L5] an old window is forgotten: hours first, months last; and nothing of a call stays after its end', () => {
    open({ callBudgets: { tokensPerHour: 1e9 } })
    admit('c1')
    debit('c1', { input_text: 5 })
    desk.end(ref('c1'), [], record('c1'), start)
    const [ofHour, ofDay, ofMonth] = ['used:hour:2026-11-21T12+00:00', 'used:day:2026-11-21', 'used:month:2026-11']
    expect([...rosters('used:%'), ...rosters('%c1')]).toEqual([ofDay, ofHour, ofMonth])
    desk.sweep(start + hour + pageKeptMs.hour - 1)
    expect([...rosters('used:%'), ...rosters('%c1')]).toEqual([ofDay, ofHour, ofMonth])
    desk.sweep(start + hour + pageKeptMs.hour)
    expect([...rosters('used:%'), ...rosters('%c1')]).toEqual([ofDay, ofMonth])
    desk.sweep(start + 12 * hour + pageKeptMs.day)
    expect([...rosters('used:%'), ...rosters('%c1')]).toEqual([ofMonth])
    desk.sweep(Date.parse('2026-12-01T00:00:00.000Z') + pageKeptMs.month)
    expect([...rosters('used:%'), ...rosters('%c1')]).toEqual([])
  })
})
