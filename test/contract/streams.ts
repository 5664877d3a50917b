// Random command streams against the gate and the ledger: every home gives the transcript of a naive model. Knows no home.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, live, release, renew, type Desk, type Lines } from '../../src/gate.ts'
import { balances, debit, post, type Books } from '../../src/ledger.ts'
import { MapRoster } from '../../src/roster-map.ts'
import type { Roster } from '../../src/roster.ts'
import {
  accounts,
  calls,
  command,
  windows,
  type CallId,
  type Capped,
  type Command,
  type Subject,
  type Tenant,
} from './commands.ts'
import { NaiveBroker } from './naive.ts'
import type { Home } from './roster.ts'
import { printSeed, seed } from './seed.ts'

/** Runs so many random commands (in streams of 100) in the home, on Maps and through the naive model: three equal transcripts. */
export function streamContract(name: string, home: Home, steps: number): void {
  test(
    `[S1] over ${steps} random commands ${name}, Maps and a naive model tell the same story`,
    { timeout: 60_000 },
    async () => {
      printSeed(`command streams on ${name}`)
      let run = 0
      let taken = 0
      await home((open) => {
        fc.assert(
          fc.property(fc.array(command, { minLength: 100, maxLength: 100, size: 'max' }), (commands) => {
            const prefix = `${run++}`
            taken += commands.length
            const transcript = told(new Ruled((name) => open(`${prefix}/${name}`)), commands)
            expect(transcript).toEqual(told(new NaiveBroker(), commands))
            expect(transcript).toEqual(told(new Ruled(() => new MapRoster()), commands))
          }),
          { seed, numRuns: Math.ceil(steps / 100) },
        )
      })
      expect(taken).toBeGreaterThanOrEqual(steps)
    },
  )
}

export function told(subject: Subject, commands: readonly Command[]): string[] {
  const lines = commands.map(
    (command) => `${JSON.stringify(command)} → ${JSON.stringify(subject.take(command) ?? null)}`,
  )
  return [...lines, JSON.stringify(subject.state())]
}

/** The rules over rosters of one home, with what must hold after each step checked beside them. */
class Ruled implements Subject {
  #now = 1_000
  readonly #caps = new Map<string, number>()
  readonly #rosters = new Map<string, Roster>()
  readonly #open: (name: string) => Roster

  constructor(open: (name: string) => Roster) {
    this.#open = open
  }

  take(command: Command): unknown {
    switch (command.do) {
      case 'admit':
        return this.#admit(command.tenant, command.call, command.ttlMs)
      case 'renew': {
        const desk = this.#desk(command.tenant, command.call)
        renew(desk, command.call, { now: this.#now, ttlMs: command.ttlMs })
        expect(desk.map(({ leases }) => leases.get(command.call))).toEqual(desk.map(() => this.#now + command.ttlMs))
        return this.#sizes(desk)
      }
      case 'release': {
        const desk = this.#desk(command.tenant, command.call)
        release(desk, command.call)
        const sizes = this.#sizes(desk)
        release(desk, command.call)
        expect(this.#sizes(desk)).toEqual(sizes) // G5: releasing what is not there is success
        return sizes
      }
      case 'live':
        return this.#live(command.tenant)
      case 'pass':
        return (this.#now += command.ms)
      case 'cap':
        return void this.#caps.set(`${command.tenant}/${command.of}`, command.cap)
      case 'debit':
        return debit(this.#books(command.call), { id: command.report, amounts: command.amounts }, command.windows)
      default:
        return post(this.#roster('accounts'), command.amounts, command.windows)
    }
  }

  state(): unknown {
    const books = windows.map((window) => balances(this.#roster('accounts'), window, accounts))
    return { live: [this.#live('t1'), this.#live('t2')], books, total: this.#roster('accounts').sum() }
  }

  #admit(tenant: Tenant, call: CallId, ttlMs: number): unknown {
    const desk = this.#desk(tenant, call)
    const before = this.#sizes(desk)
    const held = desk[0]?.leases.get(call) !== undefined
    const verdict = admit(desk, call, { now: this.#now, ttlMs })
    const after = this.#sizes(desk)
    if (verdict.is === 'full') expect(after).toEqual(before) // G8: a refusal takes nothing from anyone
    else if (!held) for (const [i, { cap }] of desk.entries()) expect(after[i]).toBeLessThanOrEqual(cap)
    expect(admit(desk, call, { now: this.#now, ttlMs })).toEqual(verdict) // G2
    expect(this.#sizes(desk)).toEqual(after)
    return { verdict, after }
  }

  /** G1: the live calls are the rows, no more and no less. */
  #live(tenant: Tenant): number {
    const desk = this.#desk(tenant, 'a')
    const count = live(desk, this.#now)
    const rows = (Object.keys(calls) as CallId[]).filter((call) => desk[0]?.leases.get(call) !== undefined)
    expect(count).toBe(rows.length)
    expect(desk[0]?.leases.size()).toBe(rows.length)
    return count
  }

  #sizes(desk: Desk): number[] {
    live(desk, this.#now)
    return desk.map(({ leases }) => leases.size())
  }

  #desk(tenant: Tenant, call: CallId): Desk {
    const { key, agent } = calls[call]
    const desk: Lines[] = [{ of: 'tenant', leases: this.#roster(`${tenant}/leases`), cap: this.#cap(tenant, 'tenant') }]
    if (key !== 'plain') desk.push({ of: 'key', leases: this.#roster(`${tenant}/${key}`), cap: this.#cap(tenant, key) })
    if (agent !== 'plain')
      desk.push({ of: 'agent', leases: this.#roster(`${tenant}/${agent}`), cap: this.#cap(tenant, agent) })
    return desk
  }

  #cap(tenant: Tenant, of: Capped): number {
    return this.#caps.get(`${tenant}/${of}`) ?? 2
  }

  #books(call: CallId): Books {
    return { accounts: this.#roster('accounts'), debited: this.#roster(`debited:${call}`) }
  }

  #roster(name: string): Roster {
    const roster = this.#rosters.get(name) ?? this.#open(name)
    this.#rosters.set(name, roster)
    return roster
  }
}
