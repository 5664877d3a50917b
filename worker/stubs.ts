// The methods of our objects as another object calls them: plain data, always a promise. Knows no storage.
import type { CallObject } from './call-object.ts'
import type { DeskObject } from './desk-object.ts'
import type { Env } from './env.ts'
import type { PoolObject } from './pool-object.ts'
import type { RegistryObject } from './registry-object.ts'

/** workerd's own stub type walks every argument for what RPC can carry; ours carry plain data only. */
type Remote<O> = { [M in keyof O as O[M] extends (...args: never[]) => unknown ? M : never]: Asynchronous<O[M]> }
type Asynchronous<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never

/** A stub that threw is dead: every step takes a fresh one. */
export function callOf(env: Env, call: string): Remote<CallObject> {
  return env.CALL.getByName(call) as unknown as Remote<CallObject>
}

export function deskOf(env: Env, tenant: string): Remote<DeskObject> {
  return env.DESK.getByName(tenant) as unknown as Remote<DeskObject>
}

export function poolOf(env: Env, pool: string): Remote<PoolObject> {
  return env.POOL.getByName(pool)
}

export function registryOf(env: Env): Remote<RegistryObject> {
  return env.REGISTRY.getByName('registry')
}
