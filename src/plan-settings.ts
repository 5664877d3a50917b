// What a plan, a tenant and a key may be set to, as checked data. Knows no store and no clock.
import * as z from 'zod'
import { budgetNames, type BudgetName } from './budget.ts'
import { HoldSettings, Overflow } from './hold-settings.ts'
import {
  agentCharacters,
  frameBytes,
  frameBytesMost,
  headStartSecondsMost,
  longestCallSecondsLeast,
  longestCallSecondsMost,
} from './limits.ts'
import { planNames } from './plan.ts'

const amount = (most: number) => z.int().min(0).max(most).nullable()

/** Amounts of budgets in their own unit: US dollars may have six decimals, all else is whole. */
const Budgets = z
  .partialRecord(z.enum(budgetNames as [BudgetName, ...BudgetName[]]), z.number().min(0).max(1e13).nullable())
  .superRefine((budgets, context) => {
    for (const [name, amount] of Object.entries(budgets)) {
      const dollars = name.startsWith('spendUsd')
      if (
        amount === null ||
        (dollars ? amount <= 1e6 && Number.isInteger(Number((amount * 1e6).toFixed(3))) : Number.isInteger(amount))
      )
        continue
      const message = dollars
        ? 'is no amount of US dollars from 0 to 1,000,000 with at most six decimals'
        : 'is no whole number'
      context.addIssue({ code: 'custom', path: [name], message, input: amount })
    }
  })

/** One plan of the catalogue. null means: no bound. Amounts in the unit that the name ends with. */
export const Plan = z.strictObject({
  priceUsd: z.int().min(0).max(1_000_000),
  trialDays: amount(3_650),
  lines: z.int().min(0).max(100_000),
  budgets: Budgets,
  /** The same for each call by itself. */
  callBudgets: Budgets,
  /** Above this rate over ten minutes the tenant is suspended (L7). */
  suspendUsdPerHour: whole(1, 1e6, ' (null: never)').nullable(),
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

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'has a control character')
const lines = whole(0, 100_000)
const longestCallSeconds = whole(longestCallSecondsLeast, longestCallSecondsMost).nullable()
const timezone = z.string().refine(isTimeZone, 'is no time zone, such as "Europe/Berlin" or "UTC"')
/** Caps and budgets that are only tried: what they would have refused is counted and told, and nothing else. */
const Shadow = z.strictObject({ lines: lines.nullable().default(null), budgets: Budgets.default({}) })
/** What an agent is called, in caps and by its calls. */
export const AgentLabel = z
  .string()
  .min(1)
  .max(agentCharacters)
  .regex(/^[\w .:@/+-]+$/u, 'may have letters, digits and " _.:@/+-"')

/** What an admin sets of a tenant. A cap of null is the plan's. */
export const TenantSettings = z.strictObject({
  name,
  plan: z.enum(planNames),
  caps: z
    .strictObject({ lines: lines.nullable().default(null), agents: z.record(AgentLabel, lines).default({}) })
    .default({ lines: null, agents: {} }),
  /** Models that the tenant may use; null is every model that is served. */
  models: z.array(z.string().min(1).max(100)).min(1).max(100).nullable().default(null),
  /** Parts of the session that hold against the client (C4): instructions, tools, audio.output.voice … as in `session.update`. */
  pinned: z.record(z.string(), z.unknown()).nullable().default(null),
  frameBytes: whole(16_384, frameBytesMost).default(frameBytes),
  /** No longer than the plan's; null is the plan's. */
  longestCallSeconds: longestCallSeconds.default(null),
  /** Its hours, days and months begin by this clock (L5). */
  timezone: timezone.default('UTC'),
  /** Over those of the plan, name by name; null is the plan's. */
  budgets: Budgets.default({}),
  callBudgets: Budgets.default({}),
  /** How long a trial lasts; null is the plan's. */
  trialDays: amount(3_650).default(null),
  shadow: Shadow.nullable().default(null),
  /** What a caller meets that finds no line (H6), and what it hears while it waits (H4). */
  overflow: Overflow.default('hold'),
  hold: HoldSettings.prefault({}),
})
export type TenantSettings = z.infer<typeof TenantSettings>

/** A change of settings: the fields that are given, checked like the whole. */
export const TenantChange = z.strictObject({
  name: name.optional(),
  plan: z.enum(planNames).optional(),
  caps: z
    .strictObject({ lines: lines.nullable().optional(), agents: z.record(AgentLabel, lines).optional() })
    .optional(),
  models: TenantSettings.shape.models.unwrap().optional(),
  pinned: TenantSettings.shape.pinned.unwrap().optional(),
  frameBytes: whole(16_384, frameBytesMost).optional(),
  longestCallSeconds: longestCallSeconds.optional(),
  timezone: timezone.optional(),
  budgets: Budgets.optional(),
  callBudgets: Budgets.optional(),
  trialDays: amount(3_650).optional(),
  shadow: Shadow.nullable().optional(),
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

/** A whole number between two bounds; what is none is told both, and what else there is (`or`). */
export function whole(least: number, most: number, or = ''): z.ZodInt {
  const problem = `is no whole number from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}${or}`
  return z.int(problem).min(least, problem).max(most, problem)
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
