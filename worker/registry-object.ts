// The index of tenants as a Durable Object: ids, names, plans. What holds for a tenant is at its own desk. Translates only.
import { DurableObject } from 'cloudflare:workers'
import type { Indexed } from '../src/http/house.ts'
import type { Env } from './env.ts'
import { sqlOf } from './storage.ts'

export class RegistryObject extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    sqlOf(ctx.storage)(
      'CREATE TABLE IF NOT EXISTS tenant (id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL)',
    )
  }

  put({ id, name, plan }: Indexed): void {
    const upsert =
      'INSERT INTO tenant VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, plan = excluded.plan'
    sqlOf(this.ctx.storage)(upsert, id, name, plan)
  }

  list(limit: number, after: string): Indexed[] {
    return sqlOf(this.ctx.storage)(
      'SELECT id, name, plan FROM tenant WHERE id > ? ORDER BY id LIMIT ?',
      after,
      limit,
    ) as unknown as Indexed[]
  }
}
