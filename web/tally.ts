// Tokens of one call, summed over its responses as the provider reported them. Knows no prices.
import { pick, pickNumber, type WireEvent } from './wire-event.ts'

export interface Tally {
  readonly input: number
  /** Part of input, not on top of it. */
  readonly cached: number
  readonly output: number
  readonly responses: number
  /** Responses that came without a usage report: unknown, not free. */
  readonly unknown: number
}

export const noTokens: Tally = { input: 0, cached: 0, output: 0, responses: 0, unknown: 0 }

export function tallyOf(before: Tally, event: WireEvent): Tally {
  if (event.type !== 'response.done') return before
  const usage = pick(event, 'response', 'usage')
  const input = pickNumber(usage, 'input_tokens')
  const output = pickNumber(usage, 'output_tokens')
  const known = input !== undefined && output !== undefined
  return {
    input: before.input + (input ?? 0),
    cached: before.cached + (pickNumber(usage, 'input_token_details', 'cached_tokens') ?? 0),
    output: before.output + (output ?? 0),
    responses: before.responses + 1,
    unknown: before.unknown + (known ? 0 : 1),
  }
}
