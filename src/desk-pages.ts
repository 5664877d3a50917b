// The pages of one tenant's ledger: a roster each for what a window holds, opened by the tenant's clock, deleted when they are old. Knows no
// amount. Rule L5.
import { windowNames, type WindowName } from './budget.ts'
import type { Registry } from './desk-homes.ts'
import type { DeskRosters } from './desk-rosters.ts'
import type { Page } from './ledger.ts'
import { pageKeptMs } from './limits.ts'
import type { Tenant } from './plan.ts'
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

  /** The same for one call by itself, for as long as it lasts; what it had of an earlier window is gone. */
  ofCall(call: string, pages: readonly Page[]): Page[] {
    return pages.map(({ window }) => {
      const roster = this.#rosters.get(`call:${window.name}:${call}`)
      if (roster.get('ends') !== window.ends) {
        roster.purge(1e14)
        roster.set('ends', window.ends)
      }
      return { window, used: roster, told: roster }
    })
  }

  forgetCall(call: string): void {
    for (const name of windowNames) this.#rosters.get(`call:${name}:${call}`).purge(1e14)
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

function inside(ends: number, from: number, until: number): boolean {
  return ends > from && ends <= until
}
