// The table of prices in force: the shipped one, and over it what an operator says. Knows no report. Rule L3.
import * as z from 'zod'
import { priceOf, type ModelPrice, type PriceTable } from './price.ts'
import shipped from './prices.json' with { type: 'json' }
import { upstreamFor, type UpstreamSpec } from './upstream.ts'

export const shippedPrices: PriceTable = new Map<string, ModelPrice>(Object.entries(shipped.models))

/** The day of the shipped table. */
export const pricesAsOf: string = shipped.asOf

/** Dearer than anything that is sold: a slip of the pen. */
const mostMicroUsd = 10_000
const ofTokens = amount('micro-dollars a token (which is US dollars a million tokens)')
const ofTime = amount('micro-dollars a second')
const Rate = z.strictObject(
  { input: ofTokens, cached: ofTokens, output: ofTokens },
  'is no price: give { "input", "cached", "output" }, each in micro-dollars a token',
)
const OwnPrice = z.strictObject(
  {
    text: Rate.optional(),
    audio: Rate.optional(),
    image: Rate.optional(),
    secondMicroUsd: ofTime.optional(),
    sessionSecondMicroUsd: ofTime.optional(),
  },
  'is no price: give { "text": { "input", "cached", "output" } } and such',
)
const columns = Object.keys(OwnPrice.shape).join(', ')
const OwnPrices = z.record(
  z.string(),
  OwnPrice.refine((own) => Object.keys(own).length > 0, `has no column: give at least one of ${columns}`),
  'is no table: give { "<model>": { "text": { "input", "cached", "output" } } } and such',
)

/** Lays an operator's prices, a JSON text, over the shipped table, column by column; or says all that is wrong with it, a sentence each. */
export function readPrices(own: string | undefined): { table: PriceTable } | { unfit: string[] } {
  if (own === undefined || own === '') return { table: shippedPrices }
  let json: unknown
  try {
    json = JSON.parse(own)
  } catch (error) {
    return { unfit: [`is not valid JSON (${(error as Error).message})`] }
  }
  const { data, error } = OwnPrices.safeParse(json)
  if (error !== undefined) return { unfit: error.issues.map(complaint) }
  const table = new Map(shippedPrices)
  // An alias before its snapshots, whose names are longer: they stand over what is said of it.
  const models = Object.entries(data).toSorted(([a], [b]) => a.length - b.length)
  for (const [model, price] of models) table.set(model, { ...priceOf(table, model), ...price })
  return { table }
}

/** A model that is served, and the columns that its price lacks: their use is debited at the fallback rate. */
export interface Unpriced {
  model: string
  upstream: string
  lacks: string[]
}

/** How a log names them. */
export const unpricedSays = 'models without a price: debited at the fallback rate of the plan, and counted as unpriced'

/** Those of the models that are served. An image is rare, and not every model reads one: its price is not missed. */
export function unpricedOf(table: PriceTable, specs: readonly UpstreamSpec[]): Unpriced[] {
  const servedBy = (spec: UpstreamSpec): string[] => spec.models.filter((model) => upstreamFor(specs, model) === spec)
  return specs.flatMap((spec) => {
    const needed = spec.billing === 'seconds' ? (['sessionSecondMicroUsd'] as const) : (['text', 'audio'] as const)
    const lacksOf = (model: string) => needed.filter((column) => priceOf(table, model)?.[column] === undefined)
    const served = servedBy(spec).map((model) => ({ model, upstream: spec.id, lacks: lacksOf(model) }))
    return served.filter(({ lacks }) => lacks.length > 0)
  })
}

function amount(unit: string): z.ZodNumber {
  const right = `give ${unit}, a number from 0 to ${mostMicroUsd.toLocaleString('en-US')}`
  const error = ({ input }: { input?: unknown }): string =>
    input === undefined ? `is missing: ${right}` : `is ${JSON.stringify(input)}: ${right}`
  return z.number({ error }).min(0, { error }).max(mostMicroUsd, { error })
}

function complaint({ path, message, ...issue }: z.core.$ZodIssue): string {
  const [model, ...column] = path.map(String)
  const where = [...(model === undefined ? [] : [`"${model}"`]), ...(column.length === 0 ? [] : [column.join('.')])]
  if (issue.code !== 'unrecognized_keys') return [...where, message].join(' ')
  const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ')
  return [...where, `has ${keys}: the columns are ${column.length === 0 ? columns : 'input, cached, output'}`].join(' ')
}
