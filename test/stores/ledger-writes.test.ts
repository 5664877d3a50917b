// One call, with its desk's store breaking at each single write of each of its steps, before and after: told again, all that is kept is the
// same as if nothing had been. On node:sqlite.
import { expect, test } from 'vitest'
import { SqlDesk } from '../../src/desk.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { newHook } from '../../src/hook-edits.ts'
import { firstReply } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { CallRecord, Offer, Progress } from '../../src/ports.ts'
import { BreakingSql, Crash, type Break } from '../support/crashes.ts'
import { ample } from '../support/grants.ts'
import { entry, noHold } from '../support/words.ts'
import { openSqlite } from './sqlite.ts'

const start = Date.parse('2026-11-30T23:59:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
const settings = TenantSettings.parse({
  name: 'Acme',
  plan: 'trial',
  budgets: { tokensPerDay: 2_000, spendUsdPerHour: 1_000 },
  callBudgets: { inputTokensPerHour: 400 },
  shadow: { lines: 0, budgets: { tokensPerHour: 100 } },
})

const asks = { model: 'm', models: ['m'], unserved: null, pool: 'openai', agent: 'sales', caller: 'somebody' }
const offer: Offer = { call: 'c1', tenant: 'ten_1', keyHash: 'hash', ...asks }
const { keyHash: _, models: __, unserved: ___, ...named } = offer
const ref = { ...named, key: 'k1' }

const usage = { replies: 1, input_audio: 300, cached_audio: 200, output_text: 50, micro_usd: 4_000_000 }
const ended: CallRecord = {
  ...lostRecord('m', 70_000),
  outcome: { by: 'caller', why: 'hung_up', code: 1000, reason: '', inReply: false },
  tokens: 1_050,
  replies: 3,
  firstReplyTokens: 350,
}

function progress(live_ms: number, hold = noHold): Progress {
  return { metered: { live_ms, micro_usd: live_ms }, hold }
}

/** From its coming, over a month's end, to its record; it is suspended on the way. */
const life: ((desk: SqlDesk) => unknown)[] = [
  (desk) => desk.consider(offer, start),
  (desk) => desk.debit(ref, [], progress(1_000, firstReply), start + 1_000),
  (desk) => desk.debit(ref, [entry('reply:1', usage)], progress(9_000), start + 9_000),
  (desk) => desk.renew(ref, 5_000, progress(10_000), start + 10_000),
  (desk) =>
    desk.debit(
      ref,
      [entry('reply:2', usage), entry('transcript:1', { transcribed_ms: 900 })],
      progress(65_000),
      start + 65_000,
    ),
  (desk) => desk.sweep(start + 66_000),
  (desk) => desk.end(ref, [entry('reply:3', usage)], ended, start + 70_000),
  (desk) => desk.sweep(start + 80_000),
]

const tables = ['roster', 'packed', 'message', 'audit', 'call', 'meter', 'tenant', 'hook']

/** What is kept after the call's life, and how often each of its steps has written; `at`: where one of them breaks, `resets`: with its host. */
function lived(step?: number, at?: Break, resets = false): { kept: unknown[]; writes: number[]; broke: number } {
  const store = openSqlite()
  const breaking = new BreakingSql(store)
  SqlDesk.prepare(breaking.sql)
  let desk = new SqlDesk(breaking.sql, breaking.transact)
  desk.registry.putTenant({ ...settings, id: 'ten_1', created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  desk.registry.putKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
  const hook = { url: 'https://h1.example/', events: null, enabled: true }
  desk.hooks.put({ ...newHook('h1', hook, 'whsec_h1', created_at), on_at: start - 1 })
  desk.regrant('openai', ample, 'answer', start)
  const writes = life.map((work, i) => {
    breaking.next = () => (i === step ? at : undefined)
    try {
      work(desk)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      breaking.next = () => undefined
      if (resets) desk = new SqlDesk(breaking.sql, breaking.transact)
      work(desk)
    }
    return breaking.writes
  })
  const kept = tables.map((table) => store.sql(`SELECT * FROM ${table} ORDER BY 1, 2`))
  store.close()
  return { kept, writes, broke: breaking.crashes }
}

/** Of a month, in the rows of pages. */
function tokensOf(rows: unknown, month: string): unknown {
  const page = (rows as { name: string; json: string }[]).find(({ name }) => name === `used:month:${month}`)
  return new Map(JSON.parse(page?.json ?? '[]') as [string, number][]).get('tokens')
}

test(
  '[L1] [C1] [A3] [A5] at whichever write of a call’s life its desk’s store breaks, what is kept in the end is the same',
  { timeout: 30_000 },
  () => {
    const { kept, writes } = lived()
    expect(['2026-11', '2026-12'].map((month) => tokensOf(kept[1], month))).toEqual([350, 700])
    expect(kept[0]).toContainEqual({ name: 'state', id: 'suspended', value: start + 70_000 })
    const tried = [60_000, 3_660_000].flatMap((ends) =>
      ['080', '100'].map((percent) => `ten_1_shadow_tokens_100_hour_${start + ends}_${percent}`),
    )
    const told = ['c1_ended', ...tried, `ten_1_suspended_${start + 70_000}`]
    expect((kept[2] as { id: string }[]).map(({ id }) => id)).toEqual(told)
    expect(kept[3]).toMatchObject([{ at: start + 70_000 }]) // that it was suspended
    const all = writes.flatMap((most, step) => Array.from({ length: most }, (_, i) => ({ step, write: i + 1 })))
    for (const { step, write } of all) {
      for (const when of ['before', 'after'] as const) {
        for (const resets of [false, true]) {
          const again = lived(step, { write, when }, resets)
          expect([again.broke, again.kept], `${when} write ${write} of step ${step}`).toEqual([1, kept])
        }
      }
    }
    expect(all.length).toBeGreaterThan(140)
  },
)
