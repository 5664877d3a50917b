// Reads what the provider reports as used. Knows no price and no tenant. Rule L2; fields: openai-openapi f85dbe22 (2026-08-21).
import { reportSeconds, reportTokens } from '../limits.ts'

export type Modality = 'text' | 'audio' | 'image' | 'unknown'
type Parts = Partial<Record<Modality, number>>

/**
 * What one report says, in whole tokens. `cached` is part of `input`, never on top. What the provider did not split stands under
 * `unknown`; what it did not say at all is absent.
 */
export interface Usage {
  input: Parts
  cached: Parts
  output: Parts
  /** Of transcription that is billed by duration; may have a fraction. */
  seconds?: number
  /** That were spoken, where a provider counts them. */
  characters?: number
  /** Something that a report should say was missing: shown and counted, never taken for 0. */
  partial: boolean
  /** Something that it says cannot be so. */
  odd?: true
}

type Json = Record<string, unknown>

/** Whether anything that was read cannot be so. */
interface Doubt {
  odd: boolean
}

const modalities = ['text', 'audio', 'image'] as const

/**
 * Usage of a `response.done` or of a transcription; undefined when the event reports none. What is `odd`, and what counts then:
 * - no amount (a text, below 0, above its bound in limits.ts): as if it were missing; a fraction of a token: the next whole one;
 * - parts that come to more than their total: the parts; a total of both directions that they do not come to: the directions;
 * - more cached of a modality than was read of it: what was read, the rest as cached without a modality, as far as anything was read;
 * - tokens beside seconds: those that its `type` names, the tokens where it names none.
 * A direction that is missing is what the total leaves for it, without a modality; if both are, that is input, the larger by far.
 */
export function readUsage(report: unknown): Usage | undefined {
  if (typeof report !== 'object' || report === null) return undefined
  const usage = report as Json
  const doubt: Doubt = { odd: false }
  const characters = whole(usage['characters'], reportTokens, doubt)
  const byTime = usage['type'] === 'duration' || (said(usage['seconds']) && !saysTokens(usage))
  if (byTime ? saysTokens(usage) : said(usage['seconds'])) doubt.odd = true
  const seconds = byTime ? amount(usage['seconds'], reportSeconds, doubt) : undefined
  const read = byTime
    ? { input: {}, cached: {}, output: {}, partial: seconds === undefined }
    : readTokens(usage, usage['type'] === 'tokens', doubt)
  return {
    ...read,
    ...(seconds !== undefined && { seconds }),
    ...(characters !== undefined && { characters }),
    ...(doubt.odd && { odd: true }),
  }
}

/** All tokens of a report: input (cached included) and output. */
export function totalTokens(usage: Usage): number {
  return sum(usage.input) + sum(usage.output)
}

/** The context of the response: everything that it read. */
export function contextTokens(usage: Usage): number {
  return sum(usage.input)
}

function readTokens(usage: Json, transcription: boolean, doubt: Doubt): Usage {
  const inputDetails = record(usage['input_token_details'], doubt)
  const outputDetails = record(usage['output_token_details'], doubt)
  const outputTokens = whole(usage['output_tokens'], reportTokens, doubt)
  // A transcription does not split its output: it is text.
  const written = transcription && outputTokens !== undefined ? { text_tokens: outputTokens } : outputDetails
  const { input, output } = bothOf(
    split(whole(usage['input_tokens'], reportTokens, doubt), inputDetails, doubt),
    split(outputTokens, written, doubt),
    whole(usage['total_tokens'], reportTokens, doubt),
    doubt,
  )
  // Nothing of a transcription is cached, and it says so by saying nothing.
  const cachedTokens = whole(inputDetails?.['cached_tokens'], reportTokens, doubt) ?? (transcription ? 0 : undefined)
  const cached = split(cachedTokens, record(inputDetails?.['cached_tokens_details'], doubt), doubt)
  const within = cached && cachedWithin(input ?? {}, cached, doubt)
  const partial = [input, output, within].some((side) => side === undefined || side.unknown !== undefined)
  return { input: input ?? {}, cached: within ?? {}, output: output ?? {}, partial }
}

/** By modality, as far as it is told, within the bound of a report; undefined where nothing is told. */
function split(total: number | undefined, details: Json | undefined, doubt: Doubt): Parts | undefined {
  const parts: Parts = {}
  for (const modality of modalities) {
    const tokens = whole(details?.[`${modality}_tokens`], reportTokens - sum(parts), doubt)
    if (tokens !== undefined) parts[modality] = tokens
  }
  const rest = (total ?? 0) - sum(parts)
  if (rest > 0) parts.unknown = rest
  if (rest < 0 && total !== undefined) doubt.odd = true
  return total === undefined && Object.keys(parts).length === 0 ? undefined : parts
}

interface Both {
  input: Parts | undefined
  output: Parts | undefined
}

function bothOf(input: Both['input'], output: Both['output'], total: number | undefined, doubt: Doubt): Both {
  const rest = total === undefined ? 0 : total - sum(input ?? {}) - sum(output ?? {})
  if (rest > 0 && input === undefined) return { input: { unknown: rest }, output }
  if (rest > 0 && output === undefined) return { input, output: { unknown: rest } }
  if (rest !== 0) doubt.odd = true
  return { input, output }
}

function cachedWithin(input: Parts, cached: Parts, doubt: Doubt): Parts {
  const parts: Parts = {}
  for (const modality of modalities) {
    const [tokens = 0, read] = [cached[modality], input[modality]]
    if (read !== undefined && cached[modality] !== undefined) parts[modality] = Math.min(tokens, read)
    if (tokens > (read ?? 0) + (input.unknown ?? 0)) doubt.odd = true
  }
  const [rest, most] = [sum(cached) - sum(parts), sum(input) - sum(parts)]
  if (rest > most) doubt.odd = true
  const unknown = Math.min(rest, most)
  return unknown > 0 ? { ...parts, unknown } : parts
}

function sum(parts: Parts): number {
  return Object.values(parts).reduce((a, b) => a + b, 0)
}

function saysTokens(usage: Json): boolean {
  return Object.keys(usage).some((name) => /_tokens$|_token_details$/.test(name) && said(usage[name]))
}

function said(value: unknown): boolean {
  return value !== undefined && value !== null
}

function amount(value: unknown, most: number, doubt: Doubt): number | undefined {
  if (typeof value === 'number' && value >= 0 && value <= most) return value
  if (said(value)) doubt.odd = true
  return undefined
}

function whole(value: unknown, most: number, doubt: Doubt): number | undefined {
  const given = amount(value, most, doubt)
  if (given === undefined || Number.isInteger(given)) return given
  doubt.odd = true
  return Math.ceil(given)
}

function record(value: unknown, doubt: Doubt): Json | undefined {
  if (typeof value === 'object' && value !== null) return value as Json
  if (said(value)) doubt.odd = true
  return undefined
}
