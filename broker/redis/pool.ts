// One upstream quota in Redis: each step one function call, which runs the rules there; its settings are checked and changed here.
import { total, withoutPresence } from '../../src/series.ts'
import type { Series } from '../../src/metrics.ts'
import { poolReading, type PoolReading } from '../../src/pool-reading.ts'
import { poolSeries } from '../../src/pool-series.ts'
import type { PoolChange } from '../../src/pool-settings.ts'
import { changedSettings, plainSettings, unfit, type PoolSettings } from '../../src/pool-terms.ts'
import type { PoolAsk, PoolGrant } from '../../src/ports.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { PoolFigures, Words } from '../../src/shared-pool.ts'
import type { Ceiling } from '../../src/upstream.ts'
import { answered, listed, type Fcall } from './call.ts'

/** A desk with live calls reports with each heartbeat: one that was not heard for so long has none that are known. */
const staleAfterMs = 60_000

interface ToldSettings {
  revision: number
  text?: string
}

export class RedisPool {
  readonly #id: string
  readonly #own: Ceiling
  readonly #fcall: Fcall

  /** `own`: the ceiling that the upstream comes with. */
  constructor(id: string, own: Ceiling, fcall: Fcall) {
    this.#id = id
    this.#own = own
    this.#fcall = fcall
  }

  /** Takes a desk's word, and says what it may use, and whose grants rose by it. */
  async share(desk: string, ask: PoolAsk): Promise<{ grant: PoolGrant } & Words> {
    const { grant, ...words } = await this.#step<{ grant: PoolGrant } & Words>('share', { desk, ask })
    return { grant, ...wordsOf(words) }
  }

  /** In force at once: what there is more of goes to those who wait. A refusal where it cannot be kept. */
  async change(change: PoolChange): Promise<Words | Refusal> {
    for (;;) {
      const { revision, text } = await this.#step<ToldSettings>('settings', {})
      const settings = changedSettings(settingsOf(text), change)
      const refusal = unfit(settings, settings.ceiling ?? this.#own)
      if (refusal !== undefined) return refusal
      const ask = { revision, text: JSON.stringify(settings) }
      const { done, words } = await this.#step<{ done: boolean; words: Words }>('change', ask)
      if (done) return wordsOf(words)
    }
  }

  async read(): Promise<PoolReading> {
    return this.#figures(undefined)
  }

  /** As it would be after the change. */
  async preview(change: PoolChange): Promise<PoolReading | Refusal> {
    const { text } = await this.#step<ToldSettings>('settings', {})
    const settings = changedSettings(settingsOf(text), change)
    return unfit(settings, settings.ceiling ?? this.#own) ?? (await this.#figures(JSON.stringify(settings)))
  }

  /** Takes a desk's sums, in the place of those before: reporting twice adds nothing. */
  async report(desk: string, series: Series): Promise<void> {
    await this.#step('report', { desk, series: JSON.stringify(series) })
  }

  /** The sums over all its desks, and its own figures. */
  async series(): Promise<Series> {
    const { now, reports } = await this.#step<{ now: number; reports: Record<string, string> }>('reports', {})
    const desks = Object.values(reports).map((report) => {
      const space = report.indexOf(' ')
      const series = JSON.parse(report.slice(space)) as Series
      return now - Number(report.slice(0, space)) < staleAfterMs ? series : withoutPresence(series)
    })
    return total([...desks, poolSeries(await this.read())])
  }

  async #figures(text: string | undefined): Promise<PoolReading> {
    const told = await this.#step<{ text?: string; figures: PoolFigures }>('figures', { text })
    return poolReading(this.#id, this.#own, settingsOf(told.text), told.figures)
  }

  async #step<T>(step: string, ask: object): Promise<T> {
    const key = `trunkline:{pool:${this.#id}}:pool`
    return answered(await this.#fcall('pool', key, step, JSON.stringify({ ...ask, own: this.#own }))) as T
  }
}

function settingsOf(text: string | undefined): PoolSettings {
  return text === undefined ? plainSettings : (JSON.parse(text) as PoolSettings)
}

function wordsOf({ risen, idle }: Words): Words {
  return { risen: listed(risen), idle: listed(idle) }
}
