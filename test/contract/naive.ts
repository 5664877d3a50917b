// The gate and the ledger once more, as plainly as can be: lists that are filtered. Shares no line with src/.
import {
  accounts,
  calls,
  quotas,
  room,
  windows,
  type CallId,
  type Capped,
  type Command,
  type QuotaId,
  type Tenant,
} from './commands.ts'
import type { Subject } from './told.ts'

interface Live {
  tenant: Tenant
  call: CallId
  until: number
  load: number
  /** Until when it holds the lines of its key and agent, where that is not until its own ends. */
  narrowUntil?: number
}

interface Waiting extends Live {
  arrival: number
}

type NaiveVerdict =
  | { is: 'granted' }
  | { is: 'queued'; place: number; short: string }
  | { is: 'full'; of: string; short: string }

interface Posting {
  window: string
  account: string
  amount: number
}

export class NaiveBroker implements Subject<Command> {
  now = 1_000
  lives: Live[] = []
  waits: Waiting[] = []
  places: { tenant: Tenant; caller: string; arrival: number; until: number }[] = []
  grants: { tenant: Tenant; quota: QuotaId; tokens: number; sessions: number }[] = []
  postings: Posting[] = []
  reports: string[] = []
  caps: { tenant: Tenant; of: Capped; cap: number }[] = []

  take(command: Command): unknown {
    switch (command.do) {
      case 'admit': {
        const verdict = this.decide(command)
        return { verdict, after: this.sizes(command.tenant, command.call) }
      }
      case 'renew':
        this.seat(command.tenant, command.call, command.ttlMs, command.load)
        return this.sizes(command.tenant, command.call)
      case 'release':
        return this.release(command)
      case 'advance':
        return command.learning ? [] : this.advance(command.tenant, command.ttlMs, command.seats)
      case 'grant':
        this.grants.push(command)
        return undefined
      case 'live':
        return this.reading(command.tenant)
      case 'pass':
        this.now += command.ms
        return this.now
      case 'cap':
        this.caps.push(command)
        return undefined
      case 'debit':
        if (this.reports.includes(`${command.call}/${command.report}`)) return false
        this.reports.push(`${command.call}/${command.report}`)
        this.post(command.amounts, command.windows)
        return true
      default:
        return this.post(command.amounts, command.windows)
    }
  }

  state(): unknown {
    const books = windows.map((window) =>
      Object.fromEntries(accounts.map((account) => [account, this.balance(window, account)])),
    )
    const total = this.postings.reduce((sum, { amount }) => sum + amount, 0)
    return { live: [this.reading('t1'), this.reading('t2')], books, total }
  }

  decide(ask: Command & { do: 'admit' }): NaiveVerdict | undefined {
    const { by, tenant, call } = ask
    const there = [...this.live(tenant), ...this.waiting(tenant)].some((one) => one.call === call)
    const lineFree = this.live(tenant).length < this.cap(tenant, 'tenant')
    const verdict = this.admit(ask, by === 'consider' && lineFree ? Infinity : room)
    if (by === 'consider' && verdict.is === 'queued' && lineFree) return undefined
    if (by !== 'conclude' || verdict.is !== 'queued' || verdict.place < room) {
      const comes = by === 'conclude' || (by === 'consider' && lineFree) || !there
      if (ask.known && comes && verdict.is !== 'full')
        this.places = this.places.filter((place) => place.tenant !== tenant || place.caller !== call) // once
      return verdict
    }
    this.release({ do: 'release', tenant, call, known: false })
    return { is: 'full', of: 'room', short: verdict.short }
  }

  admit(
    { tenant, call, ttlMs, load, headStartMs, known, learning, seats }: Command & { do: 'admit' },
    places: number,
  ): NaiveVerdict {
    if (this.live(tenant).some((live) => live.call === call)) return this.seat(tenant, call, ttlMs, load)
    const mine = this.waiting(tenant).find((waits) => waits.call === call)
    const sizes = this.sizes(tenant, call)
    const full = this.scopes(call).find(
      ({ of, capped }, i) => of !== 'tenant' && (sizes[i] ?? 0) >= this.cap(tenant, capped),
    )
    if (mine === undefined && full !== undefined) return { is: 'full', of: full.of, short: 'lines' }
    const there = this.waiting(tenant).length
    const lets = !learning && seats > 0
    if (lets && there === 0 && this.fits(tenant, call, load)) return this.seat(tenant, call, ttlMs, load)
    if (mine === undefined && there >= places)
      return { is: 'full', of: 'room', short: this.short(tenant, call, load, there, seats) }
    const old = this.places.findLast((p) => p.tenant === tenant && p.caller === call && p.until > this.now)
    const arrival = mine?.arrival ?? (known ? old?.arrival : undefined) ?? this.now - headStartMs
    this.waits = this.waits.filter((waits) => waits.tenant !== tenant || waits.call !== call)
    this.lives = this.lives.filter((live) => live.tenant !== tenant || live.call !== call) // what it still held of its key is its ticket's
    this.waits.push({ tenant, call, load, arrival, until: this.now + ttlMs })
    const place = this.waiting(tenant).findIndex((waits) => waits.call === call)
    if (lets && place === 0 && this.fits(tenant, call, load)) return this.seat(tenant, call, ttlMs, load)
    return { is: 'queued', place, short: this.short(tenant, call, load, place, seats) }
  }

  short(tenant: Tenant, call: CallId, load: number, ahead: number, seats: number): string {
    if (this.live(tenant).length + ahead >= this.cap(tenant, 'tenant')) return 'lines'
    if (seats <= ahead) return 'budget'
    const { tokens, sessions } = this.grant(tenant, call)
    const beside = this.live(tenant).filter((live) => calls[live.call].quota === calls[call].quota)
    const has = beside.reduce((sum, live) => sum + live.load, 0)
    return beside.length >= sessions && has + load <= tokens ? 'sessions' : 'tokens'
  }

  release({ tenant, call, known }: Command & { do: 'release' }): unknown {
    const mine = this.waiting(tenant).find((waits) => waits.call === call)
    if (mine !== undefined && known) {
      this.places.push({ tenant, caller: call, arrival: mine.arrival, until: this.now + 60_000 })
    }
    this.lives = this.lives.filter((live) => live.tenant !== tenant || live.call !== call)
    this.waits = this.waits.filter((waits) => waits.tenant !== tenant || waits.call !== call)
    return this.sizes(tenant, call)
  }

  advance(tenant: Tenant, ttlMs: number, seats: number): CallId[] {
    const [head] = this.waiting(tenant)
    if (head === undefined || seats === 0 || !this.fits(tenant, head.call, head.load)) return []
    this.seat(tenant, head.call, ttlMs, head.load, false)
    return [head.call, ...this.advance(tenant, ttlMs, seats - 1)]
  }

  /** `narrow`: with the lines of its key and agent; one that is seated in its absence holds them until its ticket ends. */
  seat(tenant: Tenant, call: CallId, ttlMs: number, load: number, narrow = true): NaiveVerdict {
    const held = this.waits.find((waits) => waits.tenant === tenant && waits.call === call)
    this.lives = this.lives.filter((live) => live.tenant !== tenant || live.call !== call)
    this.waits = this.waits.filter((waits) => waits.tenant !== tenant || waits.call !== call)
    this.lives.push({ tenant, call, load, until: this.now + ttlMs, ...(!narrow && { narrowUntil: held?.until ?? 0 }) })
    return { is: 'granted' }
  }

  fits(tenant: Tenant, call: CallId, load: number): boolean {
    const { tokens, sessions } = this.grant(tenant, call)
    const beside = this.live(tenant).filter((live) => calls[live.call].quota === calls[call].quota)
    const has = beside.reduce((sum, live) => sum + live.load, 0)
    return this.live(tenant).length < this.cap(tenant, 'tenant') && beside.length < sessions && has + load <= tokens
  }

  grant(tenant: Tenant, call: CallId): { tokens: number; sessions: number } {
    const mine = this.grants.findLast((given) => given.tenant === tenant && given.quota === calls[call].quota)
    return mine ?? { tokens: 1e9, sessions: 1e9 }
  }

  live(tenant: Tenant): Live[] {
    return this.lives.filter((live) => live.tenant === tenant && live.until > this.now)
  }

  waiting(tenant: Tenant): Waiting[] {
    const theirs = this.waits.filter((waits) => waits.tenant === tenant && waits.until > this.now)
    return theirs.toSorted(
      (a, b) => a.arrival - b.arrival || (Buffer.compare(Buffer.from(a.call), Buffer.from(b.call)) < 0 ? -1 : 1),
    )
  }

  reading(tenant: Tenant): unknown {
    const [live, waits] = [this.live(tenant), this.waiting(tenant)]
    const cap = this.cap(tenant, 'tenant')
    const needs = [Infinity, 1].map((seats) =>
      this.needs(live, waits.slice(0, Math.max(0, cap - live.length)).slice(0, seats)),
    )
    return { live: live.length, waiting: waits.length, over: Math.max(0, live.length - cap), needs }
  }

  needs(live: Live[], seatable: Waiting[]): unknown {
    return quotas.map((quota) => {
      const [mine, coming] = [live, seatable].map((list) => list.filter(({ call }) => calls[call].quota === quota))
      const [has, more] = [mine ?? [], coming ?? []].map((list) => list.reduce((sum, { load }) => sum + load, 0))
      const sessions = (mine ?? []).length
      return {
        tokens: { has, wants: (has ?? 0) + (more ?? 0) },
        sessions: { has: sessions, wants: sessions + (coming ?? []).length },
      }
    })
  }

  sizes(tenant: Tenant, call: CallId): number[] {
    const mine = this.lives.filter((live) => live.tenant === tenant && (live.narrowUntil ?? live.until) > this.now)
    const narrow = [...mine, ...this.waiting(tenant)]
    return this.scopes(call).map(({ of, capped }) => {
      if (of === 'tenant') return this.live(tenant).length
      return narrow.filter((one) => calls[one.call][of] === capped).length
    })
  }

  scopes(call: CallId): { of: 'tenant' | 'key' | 'agent'; capped: Capped }[] {
    const { key, agent } = calls[call]
    const tenants = { of: 'tenant' as const, capped: 'tenant' as const }
    const keys = key === 'plain' ? [] : [{ of: 'key' as const, capped: key }]
    const agents = agent === 'plain' ? [] : [{ of: 'agent' as const, capped: agent }]
    return [tenants, ...keys, ...agents]
  }

  cap(tenant: Tenant, capped: Capped): number {
    return this.caps.findLast((cap) => cap.tenant === tenant && cap.of === capped)?.cap ?? 2
  }

  post(amounts: Record<string, number>, to: readonly string[]): void {
    for (const window of to)
      for (const [account, amount] of Object.entries(amounts)) this.postings.push({ window, account, amount })
  }

  balance(window: string, account: string): number {
    return this.postings
      .filter((posting) => posting.window === window && posting.account === account)
      .reduce((sum, { amount }) => sum + amount, 0)
  }
}
