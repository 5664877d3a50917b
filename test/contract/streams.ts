// The gate and the ledger under random commands, with what must hold after each step checked beside them. Knows no home.
import { expect } from 'vitest'
import {
  admit,
  advance,
  conclude,
  consider,
  needs,
  read,
  release,
  renew,
  type Ask,
  type Desk,
  type Lines,
  type Quota,
  type Terms,
} from '../../src/gate.ts'
import { balances, isNew, post, type Page } from '../../src/ledger.ts'
import type { Roster } from '../../src/roster.ts'
import {
  accounts,
  calls,
  command,
  quotas,
  room,
  windows,
  type CallId,
  type Capped,
  type Command,
  type QuotaId,
  type Tenant,
} from './commands.ts'
import { NaiveBroker } from './naive.ts'
import type { Home } from './roster.ts'
import { streams, type Subject } from './told.ts'

export function streamContract(name: string, home: Home, steps: number): void {
  const to = 'the gate and the ledger'
  streams(name, home, steps, { to, command, rules: (open) => new Ruled(open), naive: () => new NaiveBroker() })
}

const cell = { key: 'k1', model: 'm', agent: null }

const rules = { admit, consider, conclude }

/** The rules over rosters of one home. */
class Ruled implements Subject<Command> {
  #now = 1_000
  readonly #caps = new Map<string, number>()
  readonly #grants = new Map<string, { tokens: number; sessions: number }>()
  readonly #rosters = new Map<string, Roster>()
  readonly #open: (name: string) => Roster

  constructor(open: (name: string) => Roster) {
    this.#open = open
  }

  take(command: Command): unknown {
    switch (command.do) {
      case 'admit':
        return this.#admit(command)
      case 'renew': {
        const desk = this.#desk(command.tenant, command.call)
        const { call, load } = command
        renew(desk, { call, quota: quotaOf(desk, call), load }, this.#terms(command.ttlMs))
        const until = this.#now + command.ttlMs
        expect(desk.lines.map(({ leases }) => leases.get(command.call))).toEqual(desk.lines.map(() => until))
        return this.#sizes(desk)
      }
      case 'release': {
        const desk = this.#desk(command.tenant, command.call)
        const caller = command.known ? command.call : undefined
        release(desk, command.call, this.#now, caller)
        const sizes = this.#sizes(desk)
        release(desk, command.call, this.#now, caller)
        expect(this.#sizes(desk)).toEqual(sizes) // G5: releasing what is not there is success
        return sizes
      }
      case 'advance': {
        const desk = this.#desk(command.tenant, 'a')
        const { learning, seats } = command
        const terms = { ...this.#terms(command.ttlMs), learning, seats }
        const seated = advance(desk, terms)
        expect(advance(desk, { ...terms, seats: seats - seated.length })).toEqual([]) // G6: exactly those, once
        return seated
      }
      case 'grant':
        return void this.#grants.set(`${command.tenant}/${command.quota}`, command)
      case 'live':
        return this.#reading(command.tenant)
      case 'pass':
        return (this.#now += command.ms)
      case 'cap':
        return void this.#caps.set(`${command.tenant}/${command.of}`, command.cap)
      case 'debit': {
        const entry = { id: command.report, model: 'm', amounts: command.amounts }
        const fresh = isNew(this.#roster(`debited:${command.call}`), entry)
        if (fresh) post(this.#pages(command.windows), command.amounts, cell)
        return fresh
      }
      default:
        return post(this.#pages(command.windows), command.amounts, cell)
    }
  }

  state(): unknown {
    const books = windows.map((window) => balances(this.#roster(`used:${window}`), accounts))
    return {
      live: [this.#reading('t1'), this.#reading('t2')],
      books,
      total: windows.reduce((sum, window) => sum + this.#roster(`used:${window}`).sum(), 0),
    }
  }

  #admit({ by, tenant, call, ttlMs, load, headStartMs, known, ...own }: Command & { do: 'admit' }): unknown {
    const desk = this.#desk(tenant, call)
    const quota = quotaOf(desk, call)
    const ask: Ask = { call, quota, load, headStartMs, ...(known && { caller: call }) }
    const terms = { ...this.#terms(ttlMs), learning: own.learning, seats: own.seats }
    const waited = read(desk, this.#now).waiting
    const waits = desk.queue.get(call) !== undefined
    const before = waits
      ? desk.lines.map(({ leases }) => leases.size() - (leases.get(call) === undefined ? 0 : 1))
      : this.#sizes(desk)
    const held = desk.lines[0].leases.get(call) !== undefined
    const [arrived] = desk.queue.first(1).map((head) => desk.queue.get(head))
    const verdict = rules[by](desk, ask, terms)
    const after = this.#sizes(desk)
    const { waiting } = read(desk, this.#now)
    if (verdict?.is === 'full') {
      expect([after, waiting]).toEqual([before, waited - (waits ? 1 : 0)]) // G8: a refusal takes nothing from anyone
    }
    if (verdict === undefined) {
      expect(after[0]).toBeLessThan(desk.lines[0].cap) // the pool is asked only where a line is free
      expect(desk.tickets.get(call)).toBe(this.#now + ttlMs)
    }
    if (verdict?.is === 'queued' && by === 'conclude') expect(verdict.place).toBeLessThan(room)
    if (verdict?.is === 'granted' && !held) {
      expect([own.learning, own.seats > 0]).toEqual([false, true]) // G10, L4
      expect(after[0]).toBeLessThanOrEqual(desk.lines[0].cap)
      expect(quota.loads.sum()).toBeLessThanOrEqual(quota.tokens) // G2
      expect(quota.loads.size()).toBeLessThanOrEqual(quota.sessions)
      const ahead = headStartMs > 0 || known || (arrived ?? 0) >= this.#now // of one moment neither is ahead of the other
      expect(waited === 0 || waiting === waited - 1 || ahead).toBe(true) // G3: a newcomer does not overtake
    }
    const again = rules[by](desk, ask, terms) // G2: asking again gives the same answer
    expect(again).toEqual(by === 'conclude' && again?.is === 'full' ? { ...verdict, short: again.short } : verdict)
    expect(this.#sizes(desk)).toEqual(after)
    return { verdict, after }
  }

  /** G1: the live calls are the rows, no more and no less; each has its load, and nobody both talks and waits. */
  #reading(tenant: Tenant): unknown {
    const desk = this.#desk(tenant, 'a')
    const reading = read(desk, this.#now)
    const ids = Object.keys(calls) as CallId[]
    const live = ids.filter((call) => desk.lines[0].leases.get(call) !== undefined)
    const waiting = ids.filter((call) => desk.queue.get(call) !== undefined)
    const rows = (of: 'loads' | 'wants'): number => desk.quotas.reduce((sum, quota) => sum + quota[of].size(), 0)
    expect([reading.live, rows('loads')]).toEqual([live.length, live.length])
    expect([reading.waiting, rows('wants'), desk.tickets.size()]).toEqual(Array(3).fill(waiting.length))
    expect(live.filter((call) => waiting.includes(call))).toEqual([])
    const needed = [Infinity, 1].map((seats) => desk.quotas.map((quota) => needs(desk, quota, this.#now, seats)))
    return { ...reading, needs: needed }
  }

  #sizes(desk: Desk): number[] {
    read(desk, this.#now)
    return desk.lines.map(({ leases }) => leases.size())
  }

  #desk(tenant: Tenant, call: CallId): Desk {
    const { key, agent } = calls[call]
    const roster = (name: string): Roster => this.#roster(`${tenant}/${name}`)
    const lines: [Lines, ...Lines[]] = [{ of: 'tenant', leases: roster('leases'), cap: this.#cap(tenant, 'tenant') }]
    if (key !== 'plain') lines.push({ of: 'key', leases: roster(key), cap: this.#cap(tenant, key) })
    if (agent !== 'plain') lines.push({ of: 'agent', leases: roster(agent), cap: this.#cap(tenant, agent) })
    const quota = (id: QuotaId): Quota => {
      const { tokens, sessions } = this.#grants.get(`${tenant}/${id}`) ?? { tokens: 1e9, sessions: 1e9 }
      return { loads: roster(`loads:${id}`), wants: roster(`wants:${id}`), tokens, sessions }
    }
    const [queue, tickets] = [roster('queue'), roster('tickets')]
    return {
      lines,
      quotas: [quota('q1'), quota('q2')],
      queue,
      tickets,
      places: roster('places'),
      memory: roster('memory'),
    }
  }

  #terms(ttlMs: number): Terms {
    return { now: this.#now, ttlMs, room }
  }

  #cap(tenant: Tenant, of: Capped): number {
    return this.#caps.get(`${tenant}/${of}`) ?? 2
  }

  #pages(ids: readonly string[]): Page[] {
    const open = (part: string, id: string): Roster => this.#roster(`${part}:${id}`)
    return ids.map((id) => ({ window: { name: 'day', id, ends: 0 }, used: open('used', id), told: open('told', id) }))
  }

  #roster(name: string): Roster {
    const roster = this.#rosters.get(name) ?? this.#open(name)
    this.#rosters.set(name, roster)
    return roster
  }
}

function quotaOf(desk: Desk, call: CallId): Quota {
  return desk.quotas[quotas.indexOf(calls[call].quota)] ?? desk.quotas[0]
}
