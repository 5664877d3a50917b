// Plans, settings and the terms that follow from them.
import { describe, expect, test } from 'vitest'
import { frameBytes, frameBytesMost } from '../../src/limits.ts'
import { KeyChange, KeySettings, Plan, TenantChange, TenantSettings } from '../../src/plan-settings.ts'
import {
  callTerms,
  changed,
  changedKey,
  keyValid,
  linesOf,
  planNames,
  roomOf,
  plans,
  type Key,
  type Tenant,
} from '../../src/plan.ts'

const tenant: Tenant = {
  ...TenantSettings.parse({ name: 'Acme', plan: 'starter' }),
  id: 'ten_1',
  created_at: '2026-11-21T00:00:00.000Z',
}
const key: Key = {
  id: 'key_1',
  name: 'first',
  lines: null,
  headStartSeconds: 0,
  hint: '…abcd',
  created_at: '2026-11-21T00:00:00.000Z',
  expires_at: null,
  revoked_at: null,
}

test.each([
  ['trial', 5, 15],
  ['starter', 50, 60],
  ['growth', 200, 60],
  ['scale', 1_000, null],
] as const)('[G8] the plan %s has %d lines and calls of up to %j minutes', (plan, lines, minutes) => {
  expect(plans[plan]).toMatchObject({ lines, longestCallMinutes: minutes })
})

test('[A2] the catalogue holds what a plan may have, in the order of the ladder', () => {
  expect(Object.keys(plans)).toEqual(planNames)
  for (const plan of planNames) expect(Plan.parse(plans[plan])).toEqual(plans[plan])
})

test('[L7] a plan suspends at a rate above 0, or never', () => {
  const problem = 'is no whole number from 1 to 1,000,000 (null: never)'
  for (const [rate, problems] of [
    [0, [problem]],
    [0.5, [problem]],
    [1, []],
    [1e6, []],
    [1e6 + 1, [problem]],
    [null, []],
  ] as const) {
    const { error } = Plan.safeParse({ ...plans.trial, suspendUsdPerHour: rate })
    expect(error?.issues.map(({ message }) => message) ?? [], `${rate}`).toEqual(problems)
  }
})

test('[A2] what is not said is the default', () => {
  expect(TenantSettings.parse({ name: ' Acme ', plan: 'trial' })).toEqual({
    name: 'Acme',
    plan: 'trial',
    timezone: 'UTC',
    budgets: {},
    callBudgets: {},
    trialDays: null,
    shadow: null,
    caps: { lines: null, agents: {} },
    models: null,
    pinned: null,
    frameBytes,
    longestCallSeconds: null,
    overflow: 'hold',
    hold: { language: 'en', lines: {}, repeatSeconds: 60, patienceSeconds: null, format: 'audio/pcm' },
  })
  expect(KeySettings.parse({ name: 'k' })).toEqual({ name: 'k', lines: null, headStartSeconds: 0 })
})

describe.each([
  ['lines below 0', { caps: { lines: -1 } }, 'caps.lines'],
  ['lines above 100,000', { caps: { lines: 100_001 } }, 'caps.lines'],
  ['half a line', { caps: { lines: 1.5 } }, 'caps.lines'],
  ['lines as text', { caps: { lines: '5' } }, 'caps.lines'],
  ['an agent without a name', { caps: { agents: { '': 1 } } }, 'caps.agents.'],
  ['an agent with a strange name', { caps: { agents: { 'a\nb': 1 } } }, 'caps.agents.a\nb'],
  ['an agent with half a line', { caps: { agents: { a: 0.5 } } }, 'caps.agents.a'],
  ['frames below 16 KiB', { frameBytes: 16_383 }, 'frameBytes'],
  ['frames above 15 MiB', { frameBytes: frameBytesMost + 1 }, 'frameBytes'],
  ['a longest call of less than 5 s', { longestCallSeconds: 4 }, 'longestCallSeconds'],
  ['a longest call of more than a day', { longestCallSeconds: 86_401 }, 'longestCallSeconds'],
  ['no models', { models: [] }, 'models'],
  ['a model without a name', { models: [''] }, 'models.0'],
  ['no name', { name: '' }, 'name'],
  ['a name of spaces', { name: '   ' }, 'name'],
  ['a long name', { name: 'x'.repeat(101) }, 'name'],
  ['a name with a control character', { name: 'a\u0007b' }, 'name'],
  ['a name that turns the text round', { name: 'a\u202Eb' }, 'name'],
  ['a plan that is not sold', { plan: 'free' }, 'plan'],
  ['pins that are a list', { pinned: [] }, 'pinned'],
  ['a field that is not there', { colour: 'red' }, ''],
  ['a cap that is not there', { caps: { cars: 1 } }, 'caps'],
] as const)('%s', (_what, part, path) => {
  test('[A2] is refused for a new tenant, by its path', () => {
    const { error } = TenantSettings.safeParse({ name: 'Acme', plan: 'trial', ...part })
    expect(error?.issues.map((issue) => issue.path.join('.'))).toContain(path)
  })
  test('[A2] is refused as a change too', () => {
    const { error } = TenantChange.safeParse(part)
    expect(error?.issues.map((issue) => issue.path.join('.'))).toContain(path)
  })
})

test.each([
  { caps: { lines: 0 } },
  { caps: { lines: 100_000, agents: { 'sales @ acme.com/eu': 3 } } },
  { frameBytes: 16_384 },
  { longestCallSeconds: 5 },
  { longestCallSeconds: 86_400 },
  { longestCallSeconds: null },
  { frameBytes: frameBytesMost },
  { name: 'Ünïcode 中 𝒳' },
  { models: ['a'] },
  { pinned: { instructions: 'x' } },
])('[A2] %j is taken', (part) => {
  expect(TenantSettings.parse({ name: 'Acme', plan: 'trial', ...part })).toMatchObject(part)
  expect(TenantChange.parse(part)).toEqual(part)
})

test('[A2] a change touches what it names and nothing else', () => {
  const before: Tenant = { ...tenant, caps: { lines: 7, agents: { a: 1 } }, models: ['m'], pinned: { x: 1 } }
  expect(changed(before, {})).toEqual(before)
  expect(changed(before, { name: 'Other' })).toEqual({ ...before, name: 'Other' })
  expect(changed(before, { caps: { lines: 3 } })).toEqual({ ...before, caps: { lines: 3, agents: { a: 1 } } })
  expect(changed(before, { caps: { agents: {} } })).toEqual({ ...before, caps: { lines: 7, agents: {} } })
  expect(changed(before, { caps: {} })).toEqual(before)
  expect(changed(before, TenantChange.parse({ caps: { lines: undefined }, name: undefined }))).toEqual(before)
})

test('[A2] a change to nothing is a change: null takes a bound away', () => {
  const before: Tenant = { ...tenant, caps: { lines: 7, agents: {} }, models: ['m'], pinned: { x: 1 } }
  expect(changed(before, { caps: { lines: null }, models: null, pinned: null })).toEqual({
    ...before,
    caps: { lines: null, agents: {} },
    models: null,
    pinned: null,
  })
})

test("[G8] a tenant's lines are its own cap, or else its plan's", () => {
  expect(linesOf(tenant)).toBe(50)
  expect(linesOf({ ...tenant, caps: { lines: 7, agents: {} } })).toBe(7)
  expect(linesOf({ ...tenant, caps: { lines: 0, agents: {} } })).toBe(0)
  expect(linesOf({ ...tenant, plan: 'scale' })).toBe(1_000)
})

test('[C9] the terms of a call follow from its tenant, plan and key', () => {
  expect(callTerms({ ...tenant, pinned: { x: 1 } }, key)).toEqual({
    plan: 'starter',
    key: 'key_1',
    frameBytes,
    longestMs: 3_600_000,
    fallbackMicroUsd: 64,
    pinned: { x: 1 },
    patienceMs: 120_000,
    hold: tenant.hold,
  })
  expect(callTerms({ ...tenant, plan: 'trial' }, key).longestMs).toBe(900_000)
  expect(callTerms({ ...tenant, plan: 'scale' }, key).longestMs).toBeNull()
})

test.each([
  ['trial', null, 900],
  ['trial', 5, 5],
  ['trial', 901, 900], // a plan may have been lowered since
  ['scale', null, null],
  ['scale', 7_200, 7_200],
] as const)(
  '[C9] a call of the plan %s whose tenant sets %j s lasts %j s at most',
  (plan, longestCallSeconds, seconds) => {
    const { longestMs } = callTerms({ ...tenant, plan, longestCallSeconds }, key)
    expect(longestMs).toBe(seconds === null ? null : seconds * 1_000)
  },
)

test('[K1] a key is good until it is revoked or runs out, and not at that moment', () => {
  const at = Date.parse('2026-11-21T12:00:00.000Z')
  expect(keyValid(key, at)).toBe(true)
  const ends = { ...key, expires_at: '2026-11-21T12:00:00.000Z' }
  expect([keyValid(ends, at - 1), keyValid(ends, at)]).toEqual([true, false])
  expect(keyValid({ ...key, revoked_at: '2026-11-21T13:00:00.000Z' }, at)).toBe(false)
})

test('[H6] the room of the queue is the plan’s, and none where callers are refused instead', () => {
  expect(roomOf(tenant)).toBe(50)
  for (const overflow of ['event', 'upgrade'] as const) expect(roomOf({ ...tenant, overflow })).toBe(0)
})

test('[A2] a change of a key leaves what is not given', () => {
  expect(changedKey(key, KeyChange.parse({ lines: 3 }))).toEqual({ ...key, lines: 3 })
  expect(changedKey({ ...key, lines: 3 }, KeyChange.parse({ lines: null }))).toEqual(key)
  expect(changedKey(key, KeyChange.parse({ name: 'new', headStartSeconds: 3_600 }))).toMatchObject({
    name: 'new',
    headStartSeconds: 3_600,
  })
})

test.each([-1, 1e9, 2.5, 1e300, '5'])('[A2] a number of %j is answered with what would be right', (wrong) => {
  const answers = [
    KeyChange.safeParse({ lines: wrong, headStartSeconds: wrong }),
    TenantChange.safeParse({ caps: { lines: wrong, agents: { sales: wrong } }, frameBytes: wrong }),
  ]
  const said = answers.flatMap(({ error }) => error?.issues ?? []).map(({ path, message }) => [path.join('.'), message])
  expect(Object.fromEntries(said)).toEqual({
    lines: 'is no whole number from 0 to 100,000',
    headStartSeconds: 'is no whole number from 0 to 3,600',
    'caps.lines': 'is no whole number from 0 to 100,000',
    'caps.agents.sales': 'is no whole number from 0 to 100,000',
    frameBytes: 'is no whole number from 16,384 to 15,728,640',
  })
})

test.each([
  [null, 120],
  [0, 0],
  [90, 90],
  [121, 120], // a plan may have been lowered since
])('[H4] a tenant’s own patience of %j s is %d s of its calls', (patienceSeconds, seconds) => {
  const own = { ...tenant, hold: { ...tenant.hold, patienceSeconds } }
  expect(callTerms(own, key).patienceMs).toBe(seconds * 1_000)
})
