// Reads what the provider reports as used. Knows no price and no tenant. Rule L2; fields: openai-openapi f85dbe22 (2026-08-21).

export type Modality = 'text' | 'audio' | 'image' | 'unknown'

/**
 * Tokens of one report. `cached` is part of `input`, never on top. What the provider did not split stands under `unknown`; what it
 * did not say at all is absent. `seconds` is for transcription that is billed by duration.
 */
export interface Usage {
  input: Partial<Record<Modality, number>>
  cached: Partial<Record<Modality, number>>
  output: Partial<Record<Modality, number>>
  seconds?: number
  /** Something that a report should say was missing: shown and counted, never taken for 0. */
  partial: boolean
}

const modalities = ['text', 'audio', 'image'] as const

/** Usage of a `response.done` or of a transcription; undefined when the event reports none. */
export function readUsage(report: unknown): Usage | undefined {
  const usage = record(report)
  if (usage === undefined) return undefined
  const seconds = count(usage['seconds'])
  if (seconds !== undefined) return { input: {}, cached: {}, output: {}, seconds, partial: false }

  const inputDetails = record(usage['input_token_details'])
  const input = split(count(usage['input_tokens']), inputDetails)
  // A transcription (`type: "tokens"`) does not split its output: it is text.
  const written = usage['type'] === 'tokens' ? { text_tokens: usage['output_tokens'] } : undefined
  const output = split(count(usage['output_tokens']), written ?? record(usage['output_token_details']))
  // Nothing of a transcription is cached, and it says so by saying nothing.
  const cachedTokens = count(inputDetails?.['cached_tokens']) ?? (written === undefined ? undefined : 0)
  const cached = split(cachedTokens, record(inputDetails?.['cached_tokens_details']))
  const partial = [input, output, cached].some((side) => side === undefined || side.unknown !== undefined)
  return { input: input ?? {}, cached: cached ?? {}, output: output ?? {}, partial }
}

/** All tokens of a report: input (cached included) and output. */
export function totalTokens(usage: Usage): number {
  return sum(usage.input) + sum(usage.output)
}

/** The context of the response: everything that it read. */
export function contextTokens(usage: Usage): number {
  return sum(usage.input)
}

function split(total: number | undefined, details: Record<string, unknown> | undefined): Usage['input'] | undefined {
  const parts: Usage['input'] = {}
  for (const modality of modalities) {
    const tokens = count(details?.[`${modality}_tokens`])
    if (tokens !== undefined) parts[modality] = tokens
  }
  const rest = (total ?? 0) - sum(parts)
  if (rest > 0) parts.unknown = rest
  return total === undefined && details === undefined ? undefined : parts
}

function sum(parts: Usage['input']): number {
  return Object.values(parts).reduce((a, b) => a + b, 0)
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}
