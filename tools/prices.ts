// Makes src/prices.json from @pydantic/genai-prices: USD per million tokens, which is micro-dollars per token.
// `node tools/prices.ts` writes; with --check it fails when the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { findProvider } from '@pydantic/genai-prices'
import manifest from '../package.json' with { type: 'json' }

/** The package's data carry no date: the day on which its version came out, by the registry. A new version needs a new line. */
const cameOut: Readonly<Record<string, string>> = { '0.1.8': '2026-09-23' }
/** What the package does not have, from the providers' model pages (2026-11): USD a minute. */
const transcribedMinute = { 'gpt-realtime-whisper': 0.017 }
const sessionMinute = { 'gpt-live-1': 0.05 }

interface Published {
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

interface PublishedModel {
  id: string
  match: unknown
  prices: unknown
}

const version = manifest.devDependencies['@pydantic/genai-prices']
const asOf = cameOut[version]
if (asOf === undefined) fail(`tools/prices.ts does not know when @pydantic/genai-prices ${version} came out: add it`)

const models: Record<string, object> = {}
for (const model of modelsOf('openai', /realtime|transcribe|whisper/)) {
  for (const name of [model.id, ...names(model.match)]) models[name] = priced(inForce(model.prices))
}
for (const model of modelsOf('x-ai', /^grok-voice/)) {
  const { audio_hours: hour } = inForce(model.prices)
  if (hour === undefined) fail(`@pydantic/genai-prices ${version} has no price by the hour for ${model.id}`)
  models[model.id] = { sessionSecondMicroUsd: ofHour(hour) }
}
for (const [name, usd] of Object.entries(transcribedMinute)) models[name] = { secondMicroUsd: ofHour(usd * 60) }
for (const [name, usd] of Object.entries(sessionMinute)) models[name] = { sessionSecondMicroUsd: ofHour(usd * 60) }

const listed = Object.entries(models).filter(([name, own]) => !costsAsAlias(name, own))
const text = `${JSON.stringify(
  {
    asOf,
    source: '@pydantic/genai-prices',
    version,
    unit: 'micro-dollars, by token or by second',
    models: Object.fromEntries(listed.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  },
  null,
  2,
)}\n`
const file = new URL('../src/prices.json', import.meta.url)

if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) !== JSON.stringify(JSON.parse(text)))
  fail('src/prices.json is not current: run `node tools/prices.ts`')

function fail(problem: string): never {
  console.error(problem)
  process.exit(1)
}

function modelsOf(providerId: string, name: RegExp): PublishedModel[] {
  const { models: all = [] } = findProvider({ providerId }) ?? {}
  return all.filter(({ id }) => name.test(id))
}

/** Of prices that change on a day, those that are in force on the table's. */
function inForce(prices: unknown): Published {
  if (!Array.isArray(prices)) return prices as Published
  const dated = prices as { constraint?: { start_date?: string }; prices: Published }[]
  return dated.findLast(({ constraint }) => (constraint?.start_date ?? '') <= (asOf ?? ''))?.prices ?? {}
}

/** What has no output price of its own costs as written text. */
function priced(p: Published): object {
  if (p.audio_hours !== undefined) return { secondMicroUsd: ofHour(p.audio_hours) }
  return {
    text: row(p.input_mtok, p.cache_read_mtok, p.output_mtok),
    ...(p.input_audio_mtok !== undefined && {
      audio: row(p.input_audio_mtok, p.cache_audio_read_mtok, p.output_audio_mtok ?? p.output_mtok),
    }),
    ...(p.input_image_mtok !== undefined && {
      image: row(p.input_image_mtok, p.cache_image_read_mtok, p.output_mtok),
    }),
  }
}

/** A cached price that is not published is that of input. */
function row(input = 0, cached = input, output = input): object {
  return { input, cached, output }
}

/** Not rounded: 0.36 USD an hour are 100 micro-dollars a second, 1.02 are 283.333… */
function ofHour(usd: number): number {
  return Math.round(usd * 1e6) / 3_600
}

/** A snapshot that is not listed costs as its alias: so it also follows what an operator sets for that. */
function costsAsAlias(name: string, own: object): boolean {
  const alias = models[name.replace(/-\d{4}-\d{2}-\d{2}$/, '')]
  return alias !== own && JSON.stringify(alias) === JSON.stringify(own)
}

function names(match: unknown): string[] {
  const m = match as { equals?: string; or?: { equals?: string }[] }
  return [m.equals, ...(m.or ?? []).map((one) => one.equals)].filter((name) => name !== undefined)
}
