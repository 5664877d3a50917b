// What a plan, a tenant and a key may be set to, as checked data. Knows no store and no clock.
import * as z from 'zod'
import { HoldSettings, Overflow } from './hold-settings.ts'
import { frameBytes, frameBytesMost, headStartSecondsMost } from './limits.ts'
import { planNames } from './plan.ts'

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

/** A whole number between two bounds; what is none is told both. */
export function whole(least: number, most: number): z.ZodInt {
  const problem = `is no whole number from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`
  return z.int(problem).min(least, problem).max(most, problem)
}
