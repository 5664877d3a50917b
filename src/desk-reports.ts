// What a desk adds to `/metrics`, told to its pools beside everything else: one that is silent holds up neither the desk nor another pool.
// Knows no home, no host and no series.
import { poolSilent } from './admission.ts'
import { shareTimeoutMs } from './limits.ts'
import type { Series } from './metrics.ts'
import type { Clock } from './ports.ts'
import { limited } from './time-limit.ts'

/** How soon a change shows on `/metrics`. */
const reportAfterMs = 1_000

export interface ReportsHost {
  clock: Clock
  /** By pool. */
  sums(): Record<string, Series> | Promise<Record<string, Series>>
  report(pool: string, series: Series): Promise<void>
  /** Wants to `sendNews` after so long. */
  arm(afterMs: number): unknown
  /** Sees to the end of work that nobody waits for. */
  background(work: Promise<unknown>): void
  fault(error: unknown): void
}

export class DeskReports {
  readonly #host: ReportsHost
  #underWay = false
  #news = false

  constructor(host: ReportsHost) {
    this.#host = host
  }

  /** What it adds is another than was told. */
  async changed(): Promise<void> {
    this.#news = true
    await this.#host.arm(reportAfterMs)
  }

  sendNews(): void {
    if (this.#news) this.send()
  }

  /** One at a time, so that none overtakes another: sums take the place of those before. What is new meanwhile goes with the next. */
  send(): void {
    if (this.#underWay) return
    this.#underWay = true
    this.#news = false
    this.#host.background(this.#send().finally(() => this.#sent()))
  }

  async #sent(): Promise<void> {
    this.#underWay = false
    if (this.#news) await this.#host.arm(reportAfterMs)
  }

  async #send(): Promise<void> {
    const sums = await this.#host.sums()
    await Promise.all(Object.entries(sums).map(([pool, series]) => this.#sendTo(pool, series)))
  }

  async #sendTo(pool: string, series: Series): Promise<void> {
    try {
      await limited(this.#host.report(pool, series), shareTimeoutMs, poolSilent, this.#host.clock)
    } catch (error) {
      this.#host.fault(error)
    }
  }
}
