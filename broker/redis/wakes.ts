// Wakes of waiting calls from other nodes: sharded pub/sub, a channel a tenant, subscribed at whoever has the channel's slot now, and again
// when that changes. A wake may be lost, a sweep stands behind it. Knows no call.
import type { RedisConnection } from './connection.ts'
import { faultOf } from './fault.ts'
import type { Link, Log } from './link.ts'

export interface WakeOptions {
  readonly connection: RedisConnection
  readonly deliver: (channel: string, message: string) => void
  readonly log: Log
}

interface Post {
  readonly link: Link
  /** The link's, when it was subscribed. */
  readonly life: number
}

export class Wakes {
  readonly #options: WakeOptions
  /** Where each channel is subscribed, if it is. */
  readonly #posts = new Map<string, Post | undefined>()
  readonly #busy = new Set<string>()
  readonly #stops: (() => void)[]
  #said = ''

  constructor(options: WakeOptions) {
    this.#options = options
    this.#stops = [
      options.connection.watch((news) => this.#settle(news)),
      options.connection.hear((channel, message) => this.#heard(channel, message)),
    ]
  }

  subscribe(channel: string): void {
    if (this.#posts.has(channel)) return
    this.#posts.set(channel, undefined)
    void this.#place(channel)
  }

  unsubscribe(channel: string): void {
    const post = this.#posts.get(channel)
    this.#posts.delete(channel)
    if (post !== undefined) leave(channel, post)
  }

  /** Whether a wake of this channel would be heard now, as far as is known. */
  isHeard(channel: string): boolean {
    const post = this.#posts.get(channel)
    return post !== undefined && post.link.open && post.life === post.link.life
  }

  close(): void {
    for (const stop of this.#stops) stop()
    for (const channel of this.#posts.keys()) this.unsubscribe(channel)
  }

  /** All after news, otherwise those that are subscribed nowhere. */
  #settle(news: boolean): void {
    for (const [channel, post] of this.#posts) if (news || post === undefined) void this.#place(channel)
  }

  /** Subscribes where it is not yet, one try at a time; the next look at a server is the next try. */
  async #place(channel: string): Promise<void> {
    if (this.#busy.has(channel)) return
    this.#busy.add(channel)
    try {
      const before = this.#posts.get(channel)
      const link = this.#options.connection.ownerOf(channel)
      const { life } = link
      if (before?.link === link && before.life === life) return
      if (!link.open) {
        this.#posts.set(channel, undefined)
        return
      }
      await link.subscribe(channel)
      if (before !== undefined && before.link !== link) leave(channel, before)
      if (this.#posts.has(channel)) this.#posts.set(channel, { link, life })
      else leave(channel, { link, life })
    } catch (error) {
      if (this.#posts.has(channel)) this.#posts.set(channel, undefined)
      this.#say(faultOf(error, 'the owner of a channel').message)
    } finally {
      this.#busy.delete(channel)
    }
  }

  #heard(channel: string, message: string): void {
    if (this.#posts.has(channel)) this.#options.deliver(channel, message)
  }

  /** Once, not each beat. */
  #say(says: string): void {
    if (says === this.#said) return
    this.#said = says
    this.#options.log({ event: 'wakes', says })
  }
}

function leave(channel: string, { link, life }: Post): void {
  if (link.open && link.life === life) link.unsubscribe(channel).catch(() => undefined)
}
