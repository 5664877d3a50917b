// One upstream quota as a Durable Object: its storage, its words to the desks. Translates only; what is decided is in src/sql-pool.ts.
import type { PoolReading } from '../src/pool-reading.ts'
import { DurableObject } from 'cloudflare:workers'
import type { Series } from '../src/metrics.ts'
import { PoolLife } from '../src/pool-life.ts'
import type { PoolChange } from '../src/pool-settings.ts'
import type { PoolAsk, PoolGrant } from '../src/ports.ts'
import type { Refusal } from '../src/refusal.ts'
import { SqlPoolSteps } from '../src/sql-pool-steps.ts'
import { noCeiling, poolsOf } from '../src/upstream.ts'
import { clock } from './clock.ts'
import { upstreams, type Env } from './env.ts'
import { sqlOf, transactOf } from './storage.ts'
import { deskOf } from './stubs.ts'

export class PoolObject extends DurableObject<Env> {
  readonly #steps: SqlPoolSteps
  readonly #life: PoolLife

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const [id, { storage }] = [ctx.id.name ?? '', ctx]
    const own = poolsOf(upstreams(env))[id] ?? noCeiling
    this.#steps = new SqlPoolSteps(id, own, sqlOf(storage), transactOf(storage), clock)
    this.#life = new PoolLife(this.#steps, {
      clock,
      regrant: (desk, grant) => deskOf(env, desk).regrant(id, grant),
      level: (desk) => deskOf(env, desk).level(id),
      background: (work) => ctx.waitUntil(work),
    })
  }

  /** From a desk. */
  share(desk: string, ask: PoolAsk): Promise<PoolGrant> {
    return this.#life.share(desk, ask)
  }

  read(): PoolReading {
    return this.#steps.read()
  }

  preview(change: PoolChange): PoolReading | Refusal {
    return this.#steps.preview(change)
  }

  change(change: PoolChange): Promise<PoolReading | Refusal> {
    return this.#life.change(change)
  }

  /** From a desk. */
  report(desk: string, series: Series): void {
    this.#steps.report(desk, series)
  }

  series(): Series {
    return this.#steps.series()
  }
}
