// The index of tenants as a Durable Object. Translates only; see src/index-sql.ts.
import { DurableObject } from 'cloudflare:workers'
import { SqlIndex, type Indexed } from '../src/index-sql.ts'
import type { Env } from './env.ts'
import { sqlOf } from './storage.ts'

export class RegistryObject extends DurableObject<Env> {
  readonly #index: SqlIndex

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#index = new SqlIndex(sqlOf(ctx.storage))
  }

  put(tenant: Indexed): void {
    this.#index.put(tenant)
  }

  list(limit: number, after: string): Indexed[] {
    return this.#index.list(limit, after)
  }
}
