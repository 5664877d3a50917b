// Plans, tenants and keys as validated data, and the terms that follow from them for one call. Knows no store and no clock.
import * as z from 'zod'
import { HoldSettings, Overflow } from './hold-settings.ts'
import { frameBytes, frameBytesMost, headStartSecondsMost } from './limits.ts'
import shipped from './plans.json' with { type: 'json' }

const amount = (most: number) => z.int().min(0).max(most).nullable()

/** One plan of the catalogue. null means: no bound. Amounts in the unit that the name ends with. */
export const Plan = z.strictObject({
  priceUsd: z.int().min(0).max(1_000_000),
  trialDays: amount(3_650),
  lines: z.int().min(0).max(100_000),
  tokensPerDay: amount(1e13),
  inputTokensPerHour: amount(1e13),
  outputTokensPerHour: amount(1e13),
  spendUsdPerHour: amount(1e6),
  suspendUsdPerHour: amount(1e6),
  ttsCharactersPerHour: amount(1e13),
  poolShare: z.enum(['shared', 'reserved']),
  /** New calls wait once the pool's grants reach this share of its ceiling. */
  threshold: z.number().min(0).max(1.1),
  weight: z.int().min(1).max(1_000),
  room: z.int().min(0).max(50_000),
  patienceSeconds: z.int().min(0).max(3_600),
  longestCallMinutes: amount(24 * 60),
  /** What a token (or a second of audio) is debited at when its model has no price. */
  fallbackMicroUsdPerToken: z.number().min(0).max(10_000),
})
export type Plan = z.infer<typeof Plan>

export type PlanName = keyof typeof shipped
export const plans: Readonly<Record<PlanName, Plan>> = z
  .record(z.enum(['trial', 'starter', 'growth', 'scale']), Plan)
  .parse(shipped)
/** In the order of the ladder: who waits first comes first. */
export const planNames = Object.keys(plans) as PlanName[]

const label = /^[\w .:@/+-]+$/u
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'has a control character')
const lines = whole(0, 100_000)
const agent = z.string().min(1).max(64).regex(label, 'may have letters, digits and " _.:@/+-"')

/** What an admin sets of a tenant. A cap of null is the plan's. */
export const TenantSettings = z.strictObject({
  name,
  plan: z.enum(planNames),
  caps: z
    .strictObject({ lines: lines.nullable().default(null), agents: z.record(agent, lines).default({}) })
    .default({ lines: null, agents: {} }),
  /** Models that the tenant may use; null is every model that is served. */
  models: z.array(z.string().min(1).max(100)).min(1).max(100).nullable().default(null),
  /** Parts of the session that hold against the client (C4): instructions, tools, audio.output.voice … as in `session.update`. */
  pinned: z.record(z.string(), z.unknown()).nullable().default(null),
  frameBytes: whole(16_384, frameBytesMost).default(frameBytes),
  /** What a caller meets that finds no line (H6), and what it hears while it waits (H4). */
  overflow: Overflow.default('hold'),
  hold: HoldSettings.prefault({}),
})
export type TenantSettings = z.infer<typeof TenantSettings>

/** A change of settings: the fields that are given, checked like the whole. */
export const TenantChange = z.strictObject({
  name: name.optional(),
  plan: z.enum(planNames).optional(),
  caps: z.strictObject({ lines: lines.nullable().optional(), agents: z.record(agent, lines).optional() }).optional(),
  models: TenantSettings.shape.models.unwrap().optional(),
  pinned: TenantSettings.shape.pinned.unwrap().optional(),
  frameBytes: whole(16_384, frameBytesMost).optional(),
  overflow: Overflow.optional(),
  hold: HoldSettings.optional(),
})
export type TenantChange = z.infer<typeof TenantChange>

export interface Tenant extends TenantSettings {
  id: string
  /** ISO 8601, UTC. */
  created_at: string
}

const headStartSeconds = whole(0, headStartSecondsMost)

/** Callers with a head start stand in the queue as if they had come that much earlier (G3). */
export const KeySettings = z.strictObject({
  name,
  lines: lines.nullable().default(null),
  headStartSeconds: headStartSeconds.default(0),
})
export type KeySettings = z.infer<typeof KeySettings>

export const KeyChange = z.strictObject({
  name: name.optional(),
  lines: lines.nullable().optional(),
  headStartSeconds: headStartSeconds.optional(),
})
export type KeyChange = z.infer<typeof KeyChange>

/** A key as it is stored and shown: never the key itself (K1). Times ISO 8601, UTC. */
export interface Key extends KeySettings {
  id: string
  /** The last characters, so that people can tell keys apart. */
  hint: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
}

/** What holds for one call, from its tenant, plan and key. */
export interface CallTerms {
  plan: PlanName
  key: string
  frameBytes: number
  longestMs: number | null
  fallbackMicroUsd: number
  pinned: TenantSettings['pinned']
  /** The longest wait in the queue. */
  patienceMs: number
  hold: HoldSettings
}

export function changed(tenant: Tenant, change: TenantChange): Tenant {
  return { ...tenant, ...given(change), caps: { ...tenant.caps, ...given(change.caps ?? {}) } }
}

export function changedKey(key: Key, change: KeyChange): Key {
  return { ...key, ...given(change) }
}

function given(change: object): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

/** A whole number between two bounds; what is none is told both. */
export function whole(least: number, most: number): z.ZodInt {
  const problem = `is no whole number from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`
  return z.int(problem).min(least, problem).max(most, problem)
}

export function linesOf(tenant: Tenant): number {
  return tenant.caps.lines ?? plans[tenant.plan].lines
}

/** How many callers may wait: none where the tenant has them refused instead (H6). */
export function roomOf(tenant: Tenant): number {
  return tenant.overflow === 'hold' ? plans[tenant.plan].room : 0
}

export function callTerms(tenant: Tenant, key: Key): CallTerms {
  const plan = plans[tenant.plan]
  return {
    plan: tenant.plan,
    key: key.id,
    frameBytes: tenant.frameBytes,
    longestMs: plan.longestCallMinutes === null ? null : plan.longestCallMinutes * 60_000,
    fallbackMicroUsd: plan.fallbackMicroUsdPerToken,
    pinned: tenant.pinned,
    patienceMs: patienceSecondsOf(tenant) * 1000,
    hold: tenant.hold,
  }
}

/** No longer than the plan's, which may have been lowered since the tenant set its own. */
function patienceSecondsOf({ plan, hold }: Tenant): number {
  return Math.min(hold.patienceSeconds ?? Infinity, plans[plan].patienceSeconds)
}

export function keyValid(key: Key, now: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || Date.parse(key.expires_at) > now)
}
