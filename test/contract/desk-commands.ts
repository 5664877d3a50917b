// What may be asked of a whole desk, and random streams of it. Knows no rule and no home.
import * as fc from 'fast-check'
import type { UsageAsk } from '../../src/desk-usage.ts'
import type { Progress } from '../../src/ports.ts'

export const calls = Array.from({ length: 24 }, (_, i) => `c${i + 1}`)
export const pools = ['openai', 'azure'] as const
export const keys = ['k1', 'k2', 'k3'] as const
const agents = [null, 'sales', 'constructor'] as const
const callers = [null, 'x', 'x'] as const

/** Each call comes as it came before: with its key, agent, caller and pool. */
export function offerOf(call: string, unserved = false) {
  const n = Number(call.slice(1))
  return {
    call,
    tenant: 'ten_1',
    keyHash: `hash of ${keys[n % keys.length]}`,
    model: n === 8 ? 'm2' : 'm1',
    agent: agents[n % agents.length] ?? null,
    caller: callers[(n >> 1) % callers.length] ?? null,
    models: ['m1', 'm2'],
    unserved: unserved ? ({ why: 'model_unknown', details: { model: 'x', models: 'm1' } } as const) : null,
    pool: pools[n % pools.length] ?? 'openai',
  }
}

export function refOf(call: string) {
  const { tenant, keyHash, agent, caller, model, pool } = offerOf(call)
  return { call, tenant, key: keyHash.replace('hash of ', ''), agent, caller, model, pool }
}

export type DeskCommand =
  | { do: 'consider' | 'admit' | 'barred'; call: string; unserved: boolean }
  | { do: 'renew'; call: string; load: number | null; progress: Progress }
  | { do: 'leave' | 'remove'; call: string }
  | { do: 'debit'; call: string; report: string; amounts: Record<string, number>; progress: Progress }
  | { do: 'end'; call: string; why: 'hung_up' | 'call_reset' | 'queue_timeout'; liveMs: number; report: string }
  | { do: 'ask'; pool: string }
  | { do: 'regrant'; pool: string; tokens: number; sessions: number; as: 'answer' | 'word' | 'none' }
  | { do: 'sweep' | 'read' | 'report' | 'queue' | 'open' | 'pools' | 'keys' | 'judge' | 'affected' | 'resume' }
  | { do: 'calls'; limit: number; before: string | undefined }
  | { do: 'audit'; limit: number; below: number | undefined }
  | { do: 'me'; hash: string }
  | { do: 'usage'; ask: UsageAsk; backMs: number }
  | { do: 'change' | 'preview'; change: Record<string, unknown> }
  | { do: 'changeKey' | 'previewKey'; key: string; change: Record<string, unknown> }
  | { do: 'revoke'; key: string; graceMs: number }
  | { do: 'rotate'; key: string; fresh: string; graceMs: number }
  | { do: 'pass'; ms: number }

const call = fc.constantFrom(...calls)
const pool = fc.constantFrom(...pools)
const key = fc.constantFrom(...keys, 'k9')
const report = fc.constantFrom('r1', 'r2', 'r3')
const accounts = [
  'input_text',
  'input_audio',
  'cached_audio',
  'output_audio',
  'micro_usd',
  'unpriced',
  'replies',
  'partial',
]
const amounts = fc.dictionary(fc.constantFrom(...accounts), fc.integer({ min: 0, max: 3_000 }), { maxKeys: 4 })
/** Now and then so much that a trial is suspended. */
const metered = fc.record({
  live_ms: fc.constantFrom(0, 9_000, 60_000),
  micro_usd: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(0, 0, 7_500) },
    { weight: 1, arbitrary: fc.constant(9e6) },
  ),
})
const hold = fc.record({
  input: fc.constantFrom(0, 900),
  output: fc.constantFrom(0, 300),
  micro_usd: fc.constantFrom(0, 5_000),
})
const progress: fc.Arbitrary<Progress> = fc.oneof(fc.record({ metered }), fc.record({ metered, hold }))
/** Small ones, that are spent in the course of a stream; and what a plan gives. */
const budgets = fc.oneof(
  fc.record({ tokensPerDay: fc.constantFrom(900, 5_000, 20_000, null, null) }),
  fc.record({ inputTokensPerHour: fc.constantFrom(5_000, 10_000, null) }),
  fc.record({ spendUsdPerHour: fc.constantFrom(0.05, 0.25, null), liveMinutesPerMonth: fc.constantFrom(1, 3, null) }),
)
const change = fc.oneof(
  fc.record({ budgets }),
  fc.record({ budgets }),
  fc.record({ callBudgets: fc.record({ outputTokensPerHour: fc.constantFrom(300, 2_000, 90_000, null) }) }),
  fc.record({ shadow: fc.constantFrom(null, { lines: 1, budgets: { tokensPerDay: 5_000 } }) }),
  fc.record({ timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/Los_Angeles') }),
  fc.record({ trialDays: fc.constantFrom(null, null, null, 9) }),
  fc.record({ caps: fc.record({ lines: fc.constantFrom(0, 1, 2, 4, 5, null) }) }),
  fc.record({ caps: fc.record({ agents: fc.constantFrom({}, { sales: 1 }, { constructor: 2, sales: 2 }) }) }),
  fc.record({ overflow: fc.constantFrom('hold', 'hold', 'hold', 'event', 'upgrade') }),
  fc.record({ plan: fc.constantFrom('trial', 'trial', 'starter', 'scale') }),
  fc.record({ models: fc.constantFrom(null, null, ['m1']) }),
  fc.record({ name: fc.constantFrom('Acme', 'Bell "&" é 𝒳') }),
  fc.record({ pinned: fc.constantFrom(null, { tools: [], audio: { output: { voice: null } } }) }),
)
const keyChange = fc.oneof(
  fc.record({ lines: fc.constantFrom(null, 0, 1, 2) }),
  fc.record({ headStartSeconds: fc.constantFrom(0, 5) }),
)

/** `from` and `until` are from `backMs` before the moment on. */
const usage = fc.record({
  of: fc.constantFrom('hour', 'hour', 'day'),
  from: fc.constantFrom(-86_400_000, -3_600_000, 0),
  until: fc.constantFrom(0, 1, 86_400_000),
  most: fc.constantFrom(1, 3, 30),
  last: fc.boolean(),
  apart: fc.boolean(),
})

function one<T extends DeskCommand>(weight: number, arbitrary: fc.Arbitrary<T>) {
  return { weight, arbitrary }
}

/** Times are such that leases, tickets and memories often end, and often just do not. */
export const deskCommand: fc.Arbitrary<DeskCommand> = fc.oneof(
  one(
    8,
    fc.record({
      do: fc.constantFrom('consider', 'admit', 'consider', 'admit', 'barred'),
      call,
      unserved: fc.constantFrom(false, false, false, false, true),
    }),
  ),
  one(4, fc.record({ do: fc.constant('renew'), call, load: fc.constantFrom(null, 0, 500, 6_000, 9_000), progress })),
  one(3, fc.record({ do: fc.constantFrom('leave', 'leave', 'remove'), call })),
  one(3, fc.record({ do: fc.constant('debit'), call, report, amounts, progress })),
  one(
    3,
    fc.record({
      do: fc.constant('end'),
      call,
      why: fc.constantFrom('hung_up', 'call_reset', 'queue_timeout'),
      liveMs: fc.constantFrom(0, 1_234, 65_432),
      report,
    }),
  ),
  one(6, fc.record({ do: fc.constant('ask'), pool })),
  one(
    6,
    fc.record({
      do: fc.constant('regrant'),
      pool,
      tokens: fc.constantFrom(0, 6_000, 12_000, 18_000, 60_000),
      sessions: fc.constantFrom(1, 2, 1_000),
      as: fc.constantFrom('answer', 'answer', 'answer', 'word', 'none'),
    }),
  ),
  one(
    5,
    fc.record({
      do: fc.constantFrom(
        'sweep',
        'sweep',
        'read',
        'read',
        'report',
        'queue',
        'open',
        'pools',
        'keys',
        'judge',
        'affected',
        'resume',
      ),
    }),
  ),
  one(
    1,
    fc.record({
      do: fc.constant('calls'),
      limit: fc.integer({ min: 1, max: 9 }),
      before: fc.option(call, { nil: undefined }),
    }),
  ),
  one(1, fc.record({ do: fc.constant('me'), hash: fc.constantFrom('hash of k1', 'hash of k3', 'none') })),
  one(
    1,
    fc.record({ do: fc.constant('audit'), limit: fc.constantFrom(1, 3, 9), below: fc.constantFrom(undefined, 2, 5) }),
  ),
  one(2, fc.record({ do: fc.constant('usage'), ask: usage, backMs: fc.constantFrom(0, 3_600_000, 90_000_000) })),
  one(5, fc.record({ do: fc.constantFrom('change', 'change', 'preview'), change })),
  one(2, fc.record({ do: fc.constantFrom('changeKey', 'previewKey'), key, change: keyChange })),
  one(
    1,
    fc.record({
      do: fc.constant('revoke'),
      key: fc.constantFrom('k3', 'k3', 'k9'),
      graceMs: fc.constantFrom(0, 20_000),
    }),
  ),
  one(
    1,
    fc.record({
      do: fc.constant('rotate'),
      key: fc.constantFrom('k3', 'k3', 'k9'),
      fresh: fc.uuid(),
      graceMs: fc.constantFrom(0, 20_000),
    }),
  ),
  one(
    6,
    fc.record({
      do: fc.constant('pass'),
      ms: fc.constantFrom(0, 1, 1, 4_999, 9_000, 9_000, 15_000, 30_000, 60_000, 600_000),
    }),
  ),
)
