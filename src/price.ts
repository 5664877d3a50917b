// Usage → micro-dollars, by a dated table. Knows no tenant and no wire. Rule L3.
import prices from './prices.json' with { type: 'json' }
import type { Modality, Usage } from './realtime/usage.ts'

/** Micro-dollars per token (which is USD per million tokens). */
export interface Rate {
  input: number
  cached: number
  output: number
}

export type ModelPrice = Partial<Record<Modality, Rate>> & { secondMicroUsd?: number }

export interface Cost {
  /** Rounded once, per report. */
  microUsd: number
  /** The table has no such model (or no such modality of it): debited at the fallback rate. */
  unpriced: boolean
}

export const pricesAsOf: string = prices.asOf

const table = new Map<string, ModelPrice>(Object.entries(prices.models as Record<string, ModelPrice>))

/**
 * What one report costs. `fallbackMicroUsd` is the plan's rate per token (and per second of audio) for what the table lacks.
 * Tokens whose modality was not reported are priced as audio, the dearest; cached ones that were not split, as not cached.
 */
export function price(model: string, usage: Usage, fallbackMicroUsd: number): Cost {
  const row = table.get(model) ?? table.get(undated(model))
  const fallback: Rate = { input: fallbackMicroUsd, cached: fallbackMicroUsd, output: fallbackMicroUsd }
  let microUsd = (usage.seconds ?? 0) * (row?.secondMicroUsd ?? fallbackMicroUsd)
  let unpriced = row === undefined || (usage.seconds !== undefined && row.secondMicroUsd === undefined)
  for (const modality of ['text', 'audio', 'image', 'unknown'] as const) {
    const input = usage.input[modality] ?? 0
    const output = usage.output[modality] ?? 0
    if (input + output === 0) continue
    const rate = row?.[modality === 'unknown' ? 'audio' : modality]
    if (rate === undefined) unpriced = true
    const { input: fresh, cached, output: out } = rate ?? fallback
    const fromCache = modality === 'unknown' ? 0 : Math.min(usage.cached[modality] ?? 0, input)
    microUsd += (input - fromCache) * fresh + fromCache * cached + output * out
  }
  return { microUsd: Math.round(microUsd), unpriced }
}

/** Snapshots cost as their alias: `gpt-realtime-2025-08-28` as `gpt-realtime`. */
function undated(model: string): string {
  return model.replace(/-\d{4}-\d{2}-\d{2}$/, '')
}
