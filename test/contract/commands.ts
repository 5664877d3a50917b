// What may be asked of a gate and a ledger, and random streams of it. Knows no rule.
import * as fc from 'fast-check'

/** Calls with the key and the agent that each comes with ("plain" has no cap of its own), and the quota that each draws from. */
export const calls = {
  a: { key: 'k1', agent: 'sales', quota: 'q1' },
  b: { key: 'k1', agent: 'plain', quota: 'q2' },
  é: { key: 'k1', agent: 'sales', quota: 'q1' },
  𝒳: { key: 'plain', agent: 'sales', quota: 'q1' },
  '\uFFFD': { key: 'plain', agent: 'plain', quota: 'q2' },
  f: { key: 'k2', agent: 'sales', quota: 'q1' },
} as const
export type CallId = keyof typeof calls

export type Tenant = 't1' | 't2'
export const quotas = ['q1', 'q2'] as const
export type QuotaId = (typeof quotas)[number]
export type Capped = 'tenant' | 'k1' | 'k2' | 'sales'
export const windows = ['day:1', 'month:1', 'day:2'] as const
export const accounts = ['tokens', 'micro_usd', 'never'] as const

export type Command =
  | {
      do: 'admit'
      /** A newcomer is considered, the pool is asked, and then it is concluded; one that asks again is admitted or not. */
      by: 'admit' | 'consider' | 'conclude'
      tenant: Tenant
      call: CallId
      ttlMs: number
      load: number
      headStartMs: number
      known: boolean
      learning: boolean
      seats: number
    }
  | { do: 'renew'; tenant: Tenant; call: CallId; ttlMs: number; load: number }
  | { do: 'release'; tenant: Tenant; call: CallId; known: boolean }
  | { do: 'advance'; tenant: Tenant; ttlMs: number; learning: boolean; seats: number }
  | { do: 'grant'; tenant: Tenant; quota: QuotaId; tokens: number; sessions: number }
  | { do: 'live'; tenant: Tenant }
  | { do: 'pass'; ms: number }
  | { do: 'cap'; tenant: Tenant; of: Capped; cap: number }
  | { do: 'debit'; call: CallId; report: string; amounts: Record<string, number>; windows: readonly string[] }
  | { do: 'post'; amounts: Record<string, number>; windows: readonly string[] }

const tenant = fc.constantFrom<Tenant>('t1', 't2')
const call = fc.constantFrom(...(Object.keys(calls) as CallId[]))
const ttlMs = fc.constantFrom(5, 10)
const amounts = fc.dictionary(fc.constantFrom('tokens', 'micro_usd'), fc.integer({ min: 0, max: 1_000_000 }))
const some = fc.subarray([...windows])
const load = fc.constantFrom(10, 20, 50)
const learning = fc.constantFrom(false, false, false, false, false, true)
const seats = fc.constantFrom(1e9, 1e9, 1e9, 0, 1, 2)

/** Waiting callers that a tenant has room for. */
export const room = 3

/** Times are small and few, so that leases often end exactly at `now`. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      by: fc.constantFrom('admit' as const, 'admit' as const, 'consider' as const, 'conclude' as const),
      tenant,
      call,
      ttlMs,
      load,
      headStartMs: fc.constantFrom(0, 0, 3),
      known: fc.boolean(),
      learning,
      seats,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), tenant, call, ttlMs, load }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), tenant, call, known: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), tenant, ttlMs, learning, seats }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('grant' as const),
      tenant,
      quota: fc.constantFrom(...quotas),
      tokens: fc.constantFrom(0, 30, 60, 1e9),
      sessions: fc.constantFrom(1, 1e9, 1e9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('live' as const), tenant }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 4, 5, 6, 10, 59_999) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cap' as const),
      tenant,
      of: fc.constantFrom<Capped>('tenant', 'k1', 'k2', 'sales'),
      cap: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('debit' as const),
      call,
      report: fc.constantFrom('r1', 'r2', 'r3'),
      amounts,
      windows: some,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('post' as const), amounts, windows: some }) },
)
