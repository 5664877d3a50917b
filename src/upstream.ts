// Upstreams as data: where a provider is, how it is spoken to, which models it serves. Knows no socket and no secret's value.
import * as z from 'zod'
import { billings } from './price.ts'
import shipped from './upstreams.json' with { type: 'json' }

/** What a quota bears; null is no bound. */
export const Ceiling = z.strictObject({
  tokensPerMinute: z.int().min(1).max(1e12).nullable(),
  sessions: z.int().min(1).max(1e7).nullable(),
})
export type Ceiling = z.infer<typeof Ceiling>
/** Of a quota that no upstream comes with. */
export const noCeiling: Ceiling = { tokensPerMinute: null, sessions: null }

/** One provider's Realtime endpoint and the quota behind it. */
export const UpstreamSpec = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** ws(s) or http(s); "{model}" is filled in. Query parameters of the caller that are not ours are added. */
  url: z
    .string()
    .min(8)
    .max(2_000)
    .regex(/^(wss?|https?):\/\//, 'must start with wss:// or ws://'),
  /** How our key is shown: as a bearer token, in an `api-key` header, or not at all. */
  auth: z.enum(['bearer', 'api-key', 'none']),
  /** The name of the secret that holds our key. */
  secret: z.string().max(100).nullable(),
  dialect: z.enum(['openai-ga']),
  models: z.array(z.string().min(1).max(100)).min(1),
  /** The quota that its calls draw from. Several upstreams may share one. */
  pool: z.string().regex(/^[a-z0-9-]{1,40}$/),
  ceiling: Ceiling,
  /** By the tokens that it reports, or by the time that a session is open (L3). */
  billing: z.enum(billings).default('tokens'),
})
export type UpstreamSpec = z.infer<typeof UpstreamSpec>

export const Upstreams = z.array(UpstreamSpec).min(1)

/** The upstreams of a host: the shipped ones, or its own list; `url` replaces the first one's address (another server, the practice one). */
export function upstreamsOf(own: string | undefined, url: string | undefined): UpstreamSpec[] {
  const specs = Upstreams.parse(own === undefined || own === '' ? shipped : JSON.parse(own))
  if (url === undefined || url === '') return specs
  return specs.map((spec, i) => (i === 0 ? UpstreamSpec.parse({ ...spec, url: completed(url) }) : spec))
}

export function upstreamFor(specs: readonly UpstreamSpec[], model: string): UpstreamSpec | undefined {
  return specs.find((spec) => spec.models.includes(model))
}

/** The quotas that calls draw from, by their names, each with the ceiling of the first upstream that names it. */
export function poolsOf(specs: readonly UpstreamSpec[]): Record<string, Ceiling> {
  return Object.fromEntries(specs.toReversed().map(({ pool, ceiling }) => [pool, ceiling]))
}

export function modelsOf(specs: readonly UpstreamSpec[]): string[] {
  return [...new Set(specs.flatMap((spec) => spec.models))]
}

/** The address to dial, with the model and the caller's own parameters (R4). */
export function dialUrl(spec: UpstreamSpec, model: string, parameters: readonly (readonly [string, string])[]): string {
  const own = parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  const url = spec.url.replaceAll('{model}', encodeURIComponent(model))
  return own === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${own}`
}

/** `ws://host:8788` is taken for `ws://host:8788/v1/realtime?model={model}`. */
function completed(url: string): string {
  if (url.includes('{model}')) return url
  const [address = '', query] = url.split('?', 2)
  const path = /^\w+:\/\/[^/]+\/?$/.test(address) ? `${address.replace(/\/$/, '')}/v1/realtime` : address
  return `${path}?${query === undefined || query === '' ? '' : `${query}&`}model={model}`
}
