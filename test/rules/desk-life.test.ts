// What a host does around a desk with what its steps answer: who is woken, and who is told what. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import type { Alert } from '../../src/desk-budget.ts'
import { DeskLife } from '../../src/desk-life.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { CallRef, Offer, Progress, Word } from '../../src/ports.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { nobodysCourier } from '../support/courier.ts'
import { grantOf } from '../support/grants.ts'
import { entry, silent, still } from '../support/words.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
let store: Store
let now: number
let life: DeskLife
let steps: SqlSteps
let works: Promise<unknown>[]
let woken: string[]
let told: { calls: readonly string[]; word: Word }[]
let alerts: Alert[]

beforeEach(() => {
  store = openSqlite()
  now = start
  ;[works, woken, told, alerts] = [[], [], [], []]
  let version = 0
  const clock = { now: () => now, after: () => () => undefined }
  steps = new SqlSteps('ten_1', store.sql, store.transact, clock)
  life = new DeskLife(steps, {
    clock,
    pools: { share: () => Promise.resolve(grantOf(1e9, 1e6, ++version)), report: () => Promise.resolve() },
    wake: (call) => void woken.push(call),
    tell: async (calls, word) => void told.push({ calls, word }),
    alert: (alert) => void alerts.push(alert),
    background: (work) => void works.push(work),
    busy: () => true,
    arm: () => undefined,
    courier: nobodysCourier,
    chance: () => 0,
    fault: (error) => {
      throw error
    },
  })
  return () => store.close()
})

async function open(settings: Partial<TenantSettings>): Promise<void> {
  const own = TenantSettings.parse({ name: 'Acme', plan: 'scale', ...settings })
  await life.create({ ...own, id: 'ten_1', created_at })
  const times = { created_at, expires_at: null, revoked_at: null }
  steps.addKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
}

async function admit(call: string): Promise<string> {
  const whose = { tenant: 'ten_1', keyHash: 'hash', agent: null, caller: null }
  const offer: Offer = { call, ...whose, model: 'm', models: ['m'], unserved: null, pool: 'openai' }
  return (await life.admit(offer)).is
}

function ref(call: string): CallRef {
  return { call, tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
}

function talked(live_ms: number): Progress {
  return { metered: { live_ms, micro_usd: 0 } }
}

/** All that was begun in the background has come to its end. */
async function settled(): Promise<void> {
  while (works.length > 0) await Promise.all(works.splice(0))
}

test('[L4] [G6] with the word of a call that holds no more the next who waits is put through', async () => {
  await open({ caps: { lines: 1, agents: {} }, budgets: { tokensPerDay: 1_500 } })
  expect(await admit('c1')).toBe('granted')
  await life.renew(ref('c1'), null, silent)
  expect([await admit('w1'), await admit('w2'), await admit('w3')]).toEqual(['queued', 'queued', 'queued'])
  await life.change({ caps: { lines: 9 } })
  expect(woken).toEqual(['c1', 'w1'])
  await life.renew(ref('w1'), null, silent)
  await settled()
  expect(woken).toEqual(['c1', 'w1', 'w2'])
  await life.debit(ref('w2'), [entry('r1', { input_text: 9 })], silent)
  await settled()
  expect(woken).toEqual(['c1', 'w1', 'w2', 'w3'])
})

test('[L6] a threshold that a lost call reaches is told to the operator and to the calls that are left, with the next beat', async () => {
  await open({ budgets: { liveMinutesPerHour: 1 } })
  for (const call of ['a', 'b']) await admit(call)
  now = start + 45_000
  await life.renew(ref('a'), null, talked(45_000))
  now = start + 55_000
  steps.lose('a')
  await life.beat()
  await settled()
  expect(alerts).toMatchObject([{ is: 'budget', level: 'warning', account: 'live_ms', used: 55_000 }])
  expect(told).toMatchObject([
    { calls: ['b'], word: { is: 'warned', notice: { used: 0.916667, limit: 1, share: 0.9167 } } },
  ])
})

test('[L6] [G7] an edit by which live calls have used what each may use by itself is told to those at once', async () => {
  await open({})
  for (const call of ['a', 'b', 'c']) await admit(call)
  await life.debit(ref('a'), [entry('r1', { output_text: 700 })], still)
  await life.debit(ref('b'), [entry('r2', { output_text: 699 })], still)
  await life.change({ callBudgets: { outputTokensPerHour: 700 } })
  await settled()
  const refusal = { why: 'call_budget_exhausted', details: { amount: 700, what: 'output tokens', window: 'hour' } }
  expect(told).toEqual([{ calls: ['a'], word: { is: 'wrapUp', refusal } }])
})
