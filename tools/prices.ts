// Makes src/prices.json from @pydantic/genai-prices: USD per million tokens, which is micro-dollars per token.
// `node tools/prices.ts` writes; with --check it fails when the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { findProvider } from '@pydantic/genai-prices'

/** When the package's data were taken; raise it with the package. */
const asOf = '2026-07-22'
/** What the package does not have, from the provider's model page (2026-11): USD a minute of audio. */
const byTheMinute = { 'gpt-realtime-whisper': 0.017 }

interface MillionTokenPrices {
  input_mtok?: number
  cache_read_mtok?: number
  output_mtok?: number
  input_audio_mtok?: number
  cache_audio_read_mtok?: number
  output_audio_mtok?: number
  input_image_mtok?: number
  cache_image_read_mtok?: number
  audio_hours?: number
}

function priced(p: MillionTokenPrices): object {
  if (p.audio_hours !== undefined) return { secondMicroUsd: Math.round((p.audio_hours * 1e6) / 3600) }
  return {
    text: row(p.input_mtok, p.cache_read_mtok, p.output_mtok),
    ...(p.input_audio_mtok !== undefined && {
      audio: row(p.input_audio_mtok, p.cache_audio_read_mtok, p.output_audio_mtok),
    }),
    ...(p.input_image_mtok !== undefined && { image: row(p.input_image_mtok, p.cache_image_read_mtok, undefined) }),
  }
}

/** A rate that is not published is the dearer neighbour: not cached costs as input, and what has no output price as input. */
function row(input = 0, cached = input, output = input): object {
  return { input, cached, output }
}

function names(match: unknown): string[] {
  const m = match as { equals?: string; or?: { equals?: string }[] }
  return [m.equals, ...(m.or ?? []).map((one) => one.equals)].filter((name) => name !== undefined)
}

const models: Record<string, object> = {}
for (const model of findProvider({ providerId: 'openai' })?.models ?? []) {
  if (!/realtime|transcribe|whisper/.test(model.id)) continue
  for (const name of [model.id, ...names(model.match)]) models[name] = priced(model.prices as MillionTokenPrices)
}
for (const [name, usd] of Object.entries(byTheMinute)) models[name] = { secondMicroUsd: Math.round((usd * 1e6) / 60) }

const sorted = Object.fromEntries(Object.entries(models).toSorted(([a], [b]) => (a < b ? -1 : 1)))
const text = `${JSON.stringify({ asOf, source: '@pydantic/genai-prices', unit: 'micro-dollars per token', models: sorted }, null, 2)}\n`
const file = new URL('../src/prices.json', import.meta.url)

if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) !== JSON.stringify(JSON.parse(text))) {
  console.error('src/prices.json is not current: run `node tools/prices.ts`')
  process.exit(1)
}
