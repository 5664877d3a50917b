// Usage, and time, → micro-dollars, by a table that is passed in. Knows no tenant and no wire. Rule L3.
import { speechTokensPerSecond } from './limits.ts'
import type { Modality, Usage } from './realtime/usage.ts'

/** Micro-dollars per token (which is USD per million tokens). */
export interface Rate {
  input: number
  cached: number
  output: number
}

export interface ModelPrice {
  text?: Rate | undefined
  audio?: Rate | undefined
  image?: Rate | undefined
  /** Of audio that is transcribed, where that is billed by duration. */
  secondMicroUsd?: number | undefined
  /** Of a session's time, where a provider bills that. */
  sessionSecondMicroUsd?: number | undefined
}

export type PriceTable = ReadonlyMap<string, ModelPrice>

/** What a provider bills a call by. */
export const billings = ['tokens', 'seconds'] as const
export type Billing = (typeof billings)[number]

export interface Cost {
  /** Rounded once. */
  microUsd: number
  /** The table has no such model (or no such column of it): debited at the fallback rate. */
  unpriced: boolean
}

const finest = 1e6
const free: Rate = { input: 0, cached: 0, output: 0 }

/**
 * What one report costs. `fallbackMicroUsd` is the plan's rate per token (and per second of audio) for what the table lacks; where the
 * time of the session is billed, that pays for what the table lacks.
 * Tokens whose modality was not reported are priced as audio, the dearest; cached ones that were not split, as not cached.
 */
export function price(
  table: PriceTable,
  model: string,
  usage: Usage,
  fallbackMicroUsd: number,
  billing: Billing = 'tokens',
): Cost {
  const row = priceOf(table, model)
  const timed = billing === 'seconds'
  const fallback: Rate = timed ? free : { input: fallbackMicroUsd, cached: fallbackMicroUsd, output: fallbackMicroUsd }
  let lacks = row === undefined || (usage.seconds !== undefined && row.secondMicroUsd === undefined)
  let tokens = 0
  for (const modality of ['text', 'audio', 'image', 'unknown'] as const) {
    const rate = row?.[column(modality)]
    const { fresh, cached, output } = usedOf(usage, modality)
    if (rate === undefined && fresh + cached + output > 0) lacks = true
    const each = rate ?? fallback
    tokens += fresh * fine(each.input) + cached * fine(each.cached) + output * fine(each.output)
  }
  const milliseconds = Math.round((usage.seconds ?? 0) * 1e6) / 1000
  const time = timeCost(row?.secondMicroUsd ?? fallback.input, milliseconds)
  return { microUsd: Math.round(tokens / finest + time), unpriced: lacks && !timed }
}

/**
 * What the time of a session costs, where a provider bills that. To be asked with the whole time so far, `ms`: what is to be debited is
 * the answer less what was debited before, so that nothing is rounded twice.
 */
export function priceOfTime(table: PriceTable, model: string, ms: number, fallbackMicroUsd: number): Cost {
  const rate = priceOf(table, model)?.sessionSecondMicroUsd
  const microUsd = Math.round(timeCost(rate ?? fallbackMicroUsd * speechTokensPerSecond, ms))
  return { microUsd, unpriced: rate === undefined }
}

/** Snapshots cost as their alias, unless they have a price of their own: `gpt-realtime-2025-08-28` as `gpt-realtime`. */
export function priceOf(table: PriceTable, model: string): ModelPrice | undefined {
  return table.get(model) ?? table.get(model.replace(/-\d{4}-\d{2}-\d{2}$/, ''))
}

function column(modality: Modality): Exclude<Modality, 'unknown'> {
  return modality === 'unknown' ? 'audio' : modality
}

interface Used {
  fresh: number
  cached: number
  output: number
}

function usedOf({ input, cached, output }: Usage, modality: Modality): Used {
  const read = input[modality] ?? 0
  const fromCache = modality === 'unknown' ? 0 : Math.min(cached[modality] ?? 0, read)
  return { fresh: read - fromCache, cached: fromCache, output: output[modality] ?? 0 }
}

/** A millionth of a micro-dollar is the unit of sums: whole numbers, which are exact. */
function fine(microUsd: number): number {
  return Math.round(microUsd * finest)
}

/** Not rounded. A rate is taken to whole micro-dollars an hour: 283.333… a second is 1,020,000 an hour, as it is published. */
function timeCost(secondMicroUsd: number, ms: number): number {
  return (Math.round(secondMicroUsd * 3_600) * ms) / 3_600_000
}
