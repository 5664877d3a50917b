// The index of tenants in Redis: ids, names, plans. What holds for a tenant is at its own desk. It stays until it is deleted.
import type { Indexed } from '../../src/index-sql.ts'

/** As a `RedisConnection` sends: a command to the server that has the key. */
export type Send = (key: string, name: string, ...args: readonly string[]) => Promise<unknown>

/** Both in one slot. Ids in their order, for pages; and what is shown of each. */
const ids = 'trunkline:{registry}:ids'
const shown = 'trunkline:{registry}:tenants'

export class RedisRegistry {
  readonly #send: Send

  constructor(send: Send) {
    this.#send = send
  }

  /** What is shown comes first: an id without it would be a gap in a page. */
  async put({ id, name, plan }: Indexed): Promise<void> {
    await this.#send(shown, 'HSET', shown, id, JSON.stringify({ id, name, plan }))
    await this.#send(ids, 'ZADD', ids, '0', id)
  }

  /** In the order of their ids, after this one. */
  async list(limit: number, after: string): Promise<Indexed[]> {
    const from = after === '' ? '-' : `(${after}`
    const page = (await this.#send(ids, 'ZRANGE', ids, from, '+', 'BYLEX', 'LIMIT', '0', String(limit))) as string[]
    if (page.length === 0) return []
    const texts = (await this.#send(shown, 'HMGET', shown, ...page)) as (string | null)[]
    return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as Indexed)
  }
}
