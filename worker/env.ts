// What the Worker is bound to. Knows no logic.
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
}

let known: { env: Env; specs: UpstreamSpec[] } | undefined

/** The upstreams of this deployment, read once per isolate. */
export function upstreams(env: Env): UpstreamSpec[] {
  if (known?.env !== env) known = { env, specs: upstreamsOf(env.TRUNKLINE_UPSTREAMS, env.TRUNKLINE_UPSTREAM_URL) }
  return known.specs
}

/** The secret of this name; undefined when it was not set. */
export function secret(env: Env, name: string): string | undefined {
  const value = (env as unknown as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
