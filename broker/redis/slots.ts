// Which server of a cluster has which slot, as its members say and correct each other. Asks nobody.
import { type Place, nameOf, placeOf } from './address.ts'
import type { StoreFault } from './fault.ts'
import { slotCount, slotOf } from './slot.ts'

export interface Redirect {
  readonly place: Place
  /** For this one command only: the slot is on its way there. */
  readonly asking: boolean
}

export class Slots {
  /** By slot, the name of its master. */
  #owners: (string | undefined)[] = Array.from({ length: slotCount })
  /** By a redirection since. */
  #corrected = false
  #masters = new Map<string, Place>()
  #members = new Map<string, Place>()

  /** Takes what CLUSTER SLOTS said; whether that is new. A server that does not know its own address leaves it empty. */
  learn(reply: unknown, said: Place): boolean {
    const owners: (string | undefined)[] = Array.from({ length: slotCount })
    const masters = new Map<string, Place>()
    const members = new Map<string, Place>()
    for (const [from, to, ...nodes] of reply as [number, number, ...[string | null, number][]][]) {
      const places = nodes.map(([host, port]) => ({ host: host === null || host === '' ? said.host : host, port }))
      for (const place of places) members.set(nameOf(place), place)
      const [master] = places
      if (master === undefined) continue
      masters.set(nameOf(master), master)
      owners.fill(nameOf(master), from, to + 1)
    }
    const news = this.#corrected || owners.some((owner, slot) => owner !== this.#owners[slot])
    this.#corrected = false
    this.#owners = owners
    this.#masters = masters
    this.#members = members
    return news
  }

  ownerOf(key: string): string | undefined {
    return this.#owners[slotOf(key)]
  }

  /** By name. */
  get masters(): ReadonlyMap<string, Place> {
    return this.#masters
  }

  /** Masters and replicas. */
  get members(): ReadonlyMap<string, Place> {
    return this.#members
  }

  get whole(): boolean {
    return this.#owners.every((owner) => owner !== undefined)
  }

  /** Follows `MOVED slot host:port` and `ASK slot host:port`. */
  follow({ redirect }: StoreFault, said: Place): Redirect | undefined {
    const [word, slot, name] = redirect?.split(' ') ?? []
    if (name === undefined) return undefined
    const place = placeOf(name, said)
    if (word === 'ASK') return { place, asking: true }
    this.#corrected = true
    this.#owners[Number(slot)] = nameOf(place)
    this.#masters.set(nameOf(place), place)
    this.#members.set(nameOf(place), place)
    return { place, asking: false }
  }
}
