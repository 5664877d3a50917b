// The broker's way to Redis, one server or a cluster, found out by asking: which server to ask for a key, and whether the broker can
// stand on what is there. A command is sent once; it is sent elsewhere only where a server said that it did not run. Knows no rule.
import { storeHopMs } from '../../src/limits.ts'
import { type Address, type Place, nameOf, readAddress } from './address.ts'
import { StoreFault, faultOf } from './fault.ts'
import { Link, type LinkHost, type Log, type Word } from './link.ts'
import { Slots } from './slots.ts'

export interface ConnectionOptions {
  /** As `readAddress` takes it. */
  readonly url: string
  readonly log: Log
  /** 0 … 1, spreads the tries of many nodes. */
  readonly random?: () => number
  readonly ca?: string
  /** What each master must have before it is asked anything, such as a library. */
  readonly prepare?: (link: Link) => Promise<void>
}

/** With news where a key may have another owner now, or a subscription is gone. */
export type Watcher = (news: boolean) => void

const mostHops = 3

export class RedisConnection {
  readonly #address: Address
  readonly #host: LinkHost
  readonly #links = new Map<string, Link>()
  readonly #slots = new Slots()
  readonly #watchers = new Set<Watcher>()
  readonly #hearers = new Set<(channel: string, message: string) => void>()
  #clustered = false
  #primary: Link | undefined
  #refreshing = false
  #closed = false

  /** Throws a sentence for an address that cannot be read; whether anybody is there it tells with `unready`. */
  constructor({ url, log, random = Math.random, ca, prepare = () => Promise.resolve() }: ConnectionOptions) {
    this.#address = readAddress(url)
    this.#host = {
      address: this.#address,
      ca,
      log,
      random,
      prepare,
      changed: (link, news) => this.#changed(link, news),
      heard: (channel, message) => this.#hearers.forEach((hear) => hear(channel, message)),
    }
    for (const place of this.#address.places) this.#link(place)
  }

  /** Why this node is not ready, a sentence each; none when it is. */
  unready(): string[] {
    const links = [...this.#links.values()]
    if (!this.#clustered) {
      if (this.#primary !== undefined) return sentences([this.#primary])
      const faults = sentences(links)
      return faults.length === 0 ? [severalMasters().message] : faults
    }
    if (!links.some(({ open }) => open)) return sentences(links)
    const masters = [...this.#slots.masters.keys()].map((name) => this.#links.get(name))
    const lines = sentences(masters.filter((link) => link !== undefined))
    return this.#slots.whole ? lines : [...lines, notWhole().message]
  }

  /** Resolves once it is ready. */
  async ready(): Promise<void> {
    if (this.unready().length === 0) return
    await new Promise<void>((resolve) => {
      const stop = this.watch(() => {
        if (this.unready().length > 0) return
        stop()
        resolve()
      })
    })
  }

  /** Sends a command to the server that has this key. Rejects with a `StoreFault`, within 500 ms. */
  async send(key: string, name: string, ...args: readonly Word[]): Promise<unknown> {
    const began = performance.now()
    let link = this.ownerOf(key)
    let asking = false
    for (let hop = 0; ; hop++) {
      try {
        return await link.send(name, args, asking)
      } catch (error) {
        const fault = faultOf(error, link.where)
        if (this.#clustered && fault.unrun && fault.trouble !== 'full') void this.#refresh(link)
        const redirect = this.#slots.follow(fault, link.place)
        if (redirect === undefined || hop === mostHops || performance.now() - began > storeHopMs) throw fault
        link = this.#link(redirect.place)
        asking = redirect.asking
      }
    }
  }

  /** The server that has this key, open or not. Throws a `StoreFault` where none is known. */
  ownerOf(key: string): Link {
    if (this.#clustered) {
      const link = this.#links.get(this.#slots.ownerOf(key) ?? '')
      if (link === undefined) throw notWhole()
      return link
    }
    if (this.#primary !== undefined) return this.#primary
    throw [...this.#links.values()].find(({ fault }) => fault !== undefined)?.fault ?? severalMasters()
  }

  /** Whom a key of any tenant may be asked of. */
  masters(): Link[] {
    if (!this.#clustered) return this.#primary === undefined ? [] : [this.#primary]
    return [...this.#slots.masters.keys()].map((name) => this.#links.get(name)).filter((link) => link !== undefined)
  }

  /** Called after each look at a server, with news or without. Returns how to stop it. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** Called with each message of a sharded channel. */
  hear(hearer: (channel: string, message: string) => void): () => void {
    this.#hearers.add(hearer)
    return () => void this.#hearers.delete(hearer)
  }

  /** Commands under way are rejected. */
  close(): void {
    this.#closed = true
    for (const link of this.#links.values()) link.close()
  }

  #link(place: Place): Link {
    const name = nameOf(place)
    const link = this.#links.get(name) ?? new Link(place, this.#host)
    this.#links.set(name, link)
    return link
  }

  #changed(link: Link, news: boolean): void {
    if (this.#closed) return
    if (link.facts?.clustered === true) this.#clustered = true
    if (this.#clustered) void this.#refresh(link)
    else this.#choose()
    this.#watchers.forEach((watcher) => watcher(news))
  }

  /** The one that serves is kept; anew, once all are known, one that is the only master, for two of them would be two truths. */
  #choose(): void {
    const links = [...this.#links.values()]
    if (this.#primary?.open === true || !links.every(({ tried }) => tried)) return
    const masters = links.filter(({ open }) => open)
    this.#primary = masters.length === 1 ? masters[0] : undefined
  }

  /** Asks one who is up, the one that has news first. */
  async #refresh(teller: Link): Promise<void> {
    const link = teller.open ? teller : [...this.#links.values()].find(({ open }) => open)
    if (this.#refreshing || this.#closed || link === undefined) return
    this.#refreshing = true
    try {
      const news = this.#slots.learn(await link.ask('CLUSTER', 'SLOTS'), link.place)
      this.#meet()
      if (news) this.#watchers.forEach((watcher) => watcher(true))
    } catch {
      // Its link looks for itself and says why; the next beat asks again.
    } finally {
      this.#refreshing = false
    }
  }

  /** A link to each member, replicas too: one of them may be the next master. Those named in the address stay, they know the way back. */
  #meet(): void {
    if (this.#closed) return
    const members = this.#slots.members
    for (const place of members.values()) this.#link(place)
    const named = new Set(this.#address.places.map(nameOf))
    for (const [name, link] of this.#links) {
      if (members.has(name) || named.has(name)) continue
      link.close()
      this.#links.delete(name)
    }
  }
}

function sentences(links: readonly Link[]): string[] {
  return links.map(({ fault, complaint }) => (fault ?? complaint)?.message).filter((line) => line !== undefined)
}

function severalMasters(): StoreFault {
  return new StoreFault(
    'masters',
    'Several of the servers named for Redis are masters: name one, make the others its replicas, or use a Redis Cluster.',
  )
}

function notWhole(): StoreFault {
  return new StoreFault('cluster', 'The Redis Cluster does not serve all slots: each needs a master that is up.')
}
