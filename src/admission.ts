// The conversation of one desk with its pools: decide, ask for what is lacking, give back what is not used. Knows no store and no host.
import { freedMs, shareAgainMs, shareElsewhereMs, shareMs, shareTimeoutMs } from './limits.ts'
import type { Admission, Clock, Offer, PoolAsk, PoolGrant, Pools } from './ports.ts'
import { limited } from './time-limit.ts'

type Soon<T> = T | Promise<T>

/** An admission, and whether by it the slack is used: the desk's next newcomer would have to wait for the pool. */
export interface Decision {
  admission: Admission
  lacks: boolean
}

/** The same of a newcomer; no admission: the pool is to be asked first. */
export interface Considered {
  admission: Admission | undefined
  lacks: boolean
}

/** Calls that were seated, and whether the pool is to be asked again: others have come since it was. */
export interface Regranted {
  seated: string[]
  again: boolean
}

/** Another host asks, and is told to ask again when it is answered. */
export interface UnderWay {
  is: 'under way'
}

/** The desk's side: each step is one transaction, and idempotent. */
export interface Deciding {
  /** Without an admission: the pool is to be asked first, then `admit` decides. */
  consider(offer: Offer): Soon<Considered>
  admit(offer: Offer): Soon<Decision>
  /** What to tell the pool; lets go of what no call has until the answer comes. undefined: nobody owns the desk. */
  ask(pool: string): Soon<PoolAsk | UnderWay | undefined>
  /** Takes a grant: the answer (undefined: none came), or the pool's unasked word. */
  regrant(pool: string, grant: PoolGrant | undefined, as: 'answer' | 'word'): Soon<Regranted>
  /** The pools that it draws from. */
  pools(): Soon<string[]>
}

export interface AdmissionHost {
  clock: Clock
  pools: Pools
  /** The turn of these calls has come (G6). */
  wake(calls: readonly string[]): void
  fault(error: unknown): void
}

export const poolSilent = 'the pool does not answer'

export class Admissions {
  readonly #desk: Deciding
  readonly #host: AdmissionHost
  /** One ask a pool is under way, and one more stands for all who came since. */
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()
  /** One word stands for all that is freed in its time. */
  readonly #soon = new Map<string, Promise<void>>()
  /** Takes back that a pool is asked again soon. */
  readonly #notAgain = new Map<string, () => void>()

  constructor(desk: Deciding, host: AdmissionHost) {
    this.#desk = desk
    this.#host = host
  }

  /** Decides on an offer, and asks the pool first where only its grant is short. A pool that takes its time lets the caller wait in the queue. */
  async admit(offer: Offer): Promise<Admission> {
    let { admission, lacks } = await this.#desk.consider(offer)
    if (admission === undefined) {
      await this.#inTime(this.level(offer.pool))
      ;({ admission, lacks } = await this.#desk.admit(offer))
    }
    if (lacks) void this.level(offer.pool)
    return admission
  }

  /** What a call had goes back to the pool, which gives it to whom it is due: `waits`: at once, others of this desk wait for it. Never rejects. */
  freed(pool: string, waits: boolean): Promise<void> {
    if (waits) return this.level(pool)
    const soon = this.#soon.get(pool) ?? this.#pause(freedMs).then(() => this.#levelFreed(pool))
    this.#soon.set(pool, soon)
    return soon
  }

  /** Tells the pool how the desk stands, with all that has happened before this call. Never rejects. */
  level(pool: string): Promise<void> {
    const running = this.#running.get(pool)
    if (running === undefined) return this.#start(pool)
    const next = this.#next.get(pool) ?? running.then(() => this.#start(pool))
    this.#next.set(pool, next)
    return next
  }

  /** Tells every pool, and waits as long as a decision may take. */
  async levelAll(): Promise<void> {
    const pools = await this.#desk.pools()
    await this.#inTime(Promise.all(pools.map((pool) => this.level(pool))))
  }

  /** The pool's unasked word: the grant rose. */
  async regrant(pool: string, grant: PoolGrant): Promise<void> {
    const { seated } = await this.#desk.regrant(pool, grant, 'word')
    this.#host.wake(seated)
  }

  #levelFreed(pool: string): Promise<void> {
    this.#soon.delete(pool)
    return this.level(pool)
  }

  #start(pool: string): Promise<void> {
    this.#next.delete(pool)
    this.#notAgain.get(pool)?.() // this ask stands for it
    const running = this.#share(pool)
      .catch((error: unknown) => this.#host.fault(error))
      .finally(() => this.#running.delete(pool))
    this.#running.set(pool, running)
    return running
  }

  async #share(pool: string): Promise<void> {
    const ask = await this.#desk.ask(pool)
    if (ask === undefined) return
    if ('is' in ask) return this.#pause(shareElsewhereMs)
    let grant: PoolGrant | undefined
    try {
      const { clock, pools } = this.#host
      grant = await limited(pools.share(pool, ask), shareTimeoutMs, poolSilent, clock)
    } finally {
      const { seated, again } = await this.#desk.regrant(pool, grant, 'answer') // P10: without an answer it keeps what its calls have
      this.#host.wake(seated)
      if (again) void this.level(pool)
      const { has, wants } = ask.needs.sessions
      if (grant === undefined && wants > has) this.#again(pool)
      if (grant !== undefined && ask.busy && has === 0) void this.freed(pool, false) // its slack, unless a call comes
    }
  }

  /** Not before a second is over, however many wait: a pool that is down is not to be asked the more for it. */
  #again(pool: string): void {
    const not = this.#host.clock.after(shareAgainMs, () => void this.level(pool))
    this.#notAgain.set(pool, not)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#host.clock.after(ms, resolve))
  }

  #inTime(level: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const late = this.#host.clock.after(shareMs, resolve)
      void level.then(() => resolve()).finally(late)
    })
  }
}
