// What a host does around a pool, whatever its home: it tells the desks whose grants rose, and those that hold more than they want.
// Knows no home and no host.
import type { PoolReading } from './pool-reading.ts'
import type { Words } from './shared-pool.ts'
import { shareMs } from './limits.ts'
import type { Series } from './metrics.ts'
import type { PoolChange } from './pool-settings.ts'
import type { Clock, PoolAsk, PoolGrant } from './ports.ts'
import type { Refusal } from './refusal.ts'
import type { Soon } from './desk-steps.ts'

/** What a pool does, each in one atomic step. */
export interface PoolSteps {
  share(desk: string, ask: PoolAsk): Soon<{ grant: PoolGrant } & Words>
  change(change: PoolChange): Soon<Words | Refusal>
  preview(change: PoolChange): Soon<PoolReading | Refusal>
  read(): Soon<PoolReading>
  /** Takes a desk's sums, in the place of those before: reporting twice adds nothing. */
  report(desk: string, series: Series): Soon<void>
  /** The sums over all its desks, and its own figures. */
  series(): Soon<Series>
}

export interface PoolLifeHost {
  clock: Clock
  /** A desk's grant rose. */
  regrant(desk: string, grant: PoolGrant): Promise<unknown>
  /** A desk may hold more than it wants: it shall say how it stands. */
  level(desk: string): Promise<unknown>
  /** Sees to the end of work that nobody waits for. */
  background(work: Promise<unknown>): void
}

export class PoolLife {
  readonly steps: PoolSteps
  readonly #host: PoolLifeHost

  constructor(steps: PoolSteps, host: PoolLifeHost) {
    this.steps = steps
    this.#host = host
  }

  /** From a desk: what it has and wants. */
  async share(desk: string, ask: PoolAsk): Promise<PoolGrant> {
    const { grant, ...words } = await this.steps.share(desk, ask)
    this.#host.background(this.#tell(words))
    return grant
  }

  /** In force at once, and told as far as the desks hear it in time. */
  async change(change: PoolChange): Promise<PoolReading | Refusal> {
    const words = await this.steps.change(change)
    if ('why' in words) return words
    await Promise.race([this.#tell(words), new Promise<void>((resolve) => this.#host.clock.after(shareMs, resolve))])
    return this.steps.read()
  }

  /** A desk that cannot be told hears it when it next speaks, at the latest with its heartbeat. */
  async #tell({ risen, idle }: Words): Promise<void> {
    await Promise.allSettled([
      ...risen.map(({ desk, grant }) => this.#host.regrant(desk, grant)),
      ...idle.map((desk) => this.#host.level(desk)),
    ])
  }
}
