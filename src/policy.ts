// The names and units under which programs are told of a tenant's bounds: `RateLimit` headers, `violated-policies`. Knows no tenant. Rules L9, A1.
import { named, type BoundedAccount, type Limit } from './budget.ts'

/** Live calls at once. */
export const callsPolicy = 'calls'

/** `tokens-day`, `input-tokens-hour`, `us-dollars-month`. */
export function policyOf(limit: Pick<Limit, 'account' | 'window'>): string {
  return `${named(limit).toLowerCase().replaceAll(' ', '-')}-${limit.window}`
}

/** What a policy counts, in whole numbers, as headers have them. */
export const unitNames = {
  tokens: 'tokens',
  input: 'tokens',
  output: 'tokens',
  micro_usd: 'micro-usd',
  live_ms: 'milliseconds',
  tts_characters: 'characters',
} as const satisfies Record<BoundedAccount, string>
