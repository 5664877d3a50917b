// What the Worker is bound to, and what it is told, read. Knows no logic.
import { readPrices, unpricedOf, unpricedSays } from '../src/price-table.ts'
import type { PriceTable } from '../src/price.ts'
import { upstreamsOf, type UpstreamSpec } from '../src/upstream.ts'
import type { CallObject } from './call-object.ts'
import type { DeskObject } from './desk-object.ts'
import type { PoolObject } from './pool-object.ts'
import type { RegistryObject } from './registry-object.ts'

export interface Env {
  CALL: DurableObjectNamespace<CallObject>
  DESK: DurableObjectNamespace<DeskObject>
  POOL: DurableObjectNamespace<PoolObject>
  REGISTRY: DurableObjectNamespace<RegistryObject>
  /** Files beside the Worker: the page, the lines that callers hear. */
  ASSETS: Fetcher
  /** The operator's key (secret). Without it no route under /admin answers. */
  TRUNKLINE_ADMIN_KEY?: string
  /** Another address for the first upstream: the practice one, or any server that speaks Realtime. */
  TRUNKLINE_UPSTREAM_URL?: string
  /** A JSON list of upstreams instead of the shipped one; the shape is UpstreamSpec. */
  TRUNKLINE_UPSTREAMS?: string
  /** Hosts that webhooks may be sent to, with commas between; `*.example.com`: all below that. Every public one otherwise. */
  TRUNKLINE_WEBHOOK_HOSTS?: string
  /** `true`: webhooks may be plain http and go to private addresses. Dangerous: for development alone. */
  TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS?: string
  /** JSON prices that stand over the shipped ones, by model: docs/LEDGER.md. */
  TRUNKLINE_PRICES?: string
}

let known: { env: Env; specs: UpstreamSpec[]; table: PriceTable } | undefined

/** The upstreams of this deployment. */
export function upstreams(env: Env): UpstreamSpec[] {
  return readOnce(env).specs
}

/** The prices of this deployment. */
export function prices(env: Env): PriceTable {
  return readOnce(env).table
}

/** Once per isolate; what is wrong with any of it is thrown at whoever asks first, before a call is taken. */
function readOnce(env: Env): NonNullable<typeof known> {
  if (known?.env === env) return known
  const specs = upstreamsOf(env.TRUNKLINE_UPSTREAMS, env.TRUNKLINE_UPSTREAM_URL)
  const read = readPrices(env.TRUNKLINE_PRICES)
  if ('unfit' in read) throw new Error(read.unfit.map((problem) => `TRUNKLINE_PRICES: ${problem}.`).join('\n'))
  if (known === undefined) tellUnpriced(read.table, specs)
  known = { env, specs, table: read.table }
  return known
}

function tellUnpriced(table: PriceTable, specs: readonly UpstreamSpec[]): void {
  const models = unpricedOf(table, specs)
  if (models.length > 0) console.warn(JSON.stringify({ level: 'warn', msg: unpricedSays, models }))
}

/** The secret of this name; undefined when it was not set. */
export function secret(env: Env, name: string): string | undefined {
  const value = (env as unknown as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
