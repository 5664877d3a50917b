// What usage costs by another reckoner of the same prices, @pydantic/genai-prices: in micro-dollars, not rounded. Of ours it knows the date of
// the table.
import { calcPrice } from '@pydantic/genai-prices'
import type { UsageReport } from '../../sim/stage.ts'
import shipped from '../../src/prices.json' with { type: 'json' }

/** The day of the shipped table. */
const timestamp = new Date(`${shipped.asOf}T12:00:00Z`)

/** `usage` in the package's words: totals, and what of them is not text. */
export function reckoned(usage: Record<string, number>, model: string, providerId = 'openai'): number {
  return (calcPrice(usage, model, { providerId, timestamp })?.total_price ?? Number.NaN) * 1e6
}

/** The model that a report is of: of the practice upstream's transcribers only whisper is billed by the second. */
export function modelOf({ kind, model, usage }: UsageReport): string {
  if (kind === 'response') return model
  return 'type' in usage && usage.type === 'duration' ? 'whisper-1' : 'gpt-4o-mini-transcribe'
}

export function reckonedReport(report: UsageReport): number {
  return reckoned(inItsWords(report), modelOf(report))
}

function inItsWords(report: UsageReport): Record<string, number> {
  if (report.kind === 'transcription') {
    const { usage } = report
    if (usage.type === 'duration') return { audio_seconds: usage.seconds }
    const { input_tokens, output_tokens, input_token_details: input } = usage
    return { input_tokens, input_audio_tokens: input.audio_tokens, output_tokens }
  }
  const { input_tokens, output_tokens, input_token_details: input, output_token_details: output } = report.usage
  const { cached_tokens, cached_tokens_details: cached } = input
  return {
    input_tokens,
    input_audio_tokens: input.audio_tokens,
    input_image_tokens: input.image_tokens,
    cache_read_tokens: cached_tokens,
    cache_audio_read_tokens: cached.audio_tokens,
    cache_image_read_tokens: cached.image_tokens,
    output_tokens,
    output_audio_tokens: output.audio_tokens,
  }
}
