// The pages of one tenant's ledger: a roster each for what a window holds, opened by the tenant's clock, deleted when they are old. Knows no
// amount. Rule L5.
import { bounded, windowNames, type WindowName } from './budget.ts'
import type { Registry } from './desk-homes.ts'
import type { DeskRosters } from './desk-rosters.ts'
import type { Page, Sheet } from './ledger.ts'
import { pageKeptMs } from './limits.ts'
import type { Tenant } from './plan.ts'
import type { Roster } from './roster.ts'
import { windowsAt, type Window } from './window.ts'
import type { Zone } from './zone.ts'

export class DeskPages {
  readonly #rosters: DeskRosters
  readonly #registry: Registry
  /** The windows of an hour: each step asks several times. */
  #known: { zone: Zone; from: number; windows: [Window, Window, Window] } | undefined

  constructor(rosters: DeskRosters, registry: Registry) {
    this.#rosters = rosters
    this.#registry = registry
  }

  /** The hour, the day, the month of this moment. */
  at(tenant: Tenant, now: number): Page[] {
    const [zone, known] = [this.#registry.zone(tenant, now), this.#known]
    const holds = known !== undefined && known.zone === zone && known.from <= now && now < known.windows[0].ends
    const windows = holds ? known.windows : windowsAt(now, zone)
    if (!holds) this.#known = { zone, from: now, windows }
    return windows.map((window) => this.#page(window))
  }

  /** The same for one call by itself, for as long as it lasts: beside what it has told of itself, which each of its words writes in any case. */
  ofCall(call: string, pages: readonly Page[]): Sheet[] {
    const told = this.#rosters.get(`metered:${call}`)
    return pages.map(({ window }) => ({ window, used: new CallAccounts(told, window) }))
  }

  /** Notes that something is written to these: they are found again, and deleted in time. */
  opened(pages: readonly Page[]): void {
    for (const { window } of pages) {
      const windows = this.#rosters.get(`windows:${window.name}`)
      if (windows.get(window.id) !== window.ends) windows.set(window.id, window.ends)
    }
  }

  /** Those of one name that end after `from` and not after `until` (ms), in order. */
  between(name: WindowName, from: number, until: number): Page[] {
    const windows = this.#rosters.get(`windows:${name}`)
    const ids = windows.first(windows.size()).filter((id) => inside(windows.get(id) ?? 0, from, until))
    return ids.map((id) => this.#page({ name, id, ends: windows.get(id) ?? 0 }))
  }

  forgetOld(now: number): void {
    for (const name of windowNames) {
      for (const id of this.#rosters.get(`windows:${name}`).purge(now - pageKeptMs[name])) {
        for (const part of ['used', 'told', 'cells', 'split']) this.#rosters.get(`${part}:${id}`).purge(1e14)
      }
    }
  }

  #page(window: Window): Page {
    const page = { window, used: this.#rosters.get(`used:${window.id}`), told: this.#rosters.get(`told:${window.id}`) }
    if (window.name === 'month') return page
    const [cells, split] = [this.#rosters.get(`cells:${window.id}`), this.#rosters.get(`split:${window.id}`)]
    return { ...page, apart: { cells, split } }
  }
}

/** What a call has used in a window, in a roster of all that it has told; what it used in an earlier one is gone. */
class CallAccounts implements Pick<Roster, 'get' | 'add'> {
  readonly #told: Roster
  readonly #window: Window
  readonly #end: string

  constructor(told: Roster, window: Window) {
    this.#told = told
    this.#window = window
    this.#end = `ends/${window.name}`
  }

  get(account: string): number | undefined {
    return this.#isOpen() ? this.#told.get(this.#name(account)) : undefined
  }

  add(account: string, amount: number): number {
    if (!this.#isOpen()) this.#open()
    return this.#told.add(this.#name(account), amount)
  }

  #isOpen(): boolean {
    return this.#told.get(this.#end) === this.#window.ends
  }

  #open(): void {
    for (const { account } of bounded) this.#told.delete(this.#name(account))
    this.#told.set(this.#end, this.#window.ends)
  }

  #name(account: string): string {
    return `${this.#window.name}/${account}`
  }
}

function inside(ends: number, from: number, until: number): boolean {
  return ends > from && ends <= until
}
