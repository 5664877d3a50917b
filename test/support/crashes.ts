// A store that breaks: a step of it is undone, or done and nobody hears so. Knows no desk.
import type { Sql, Transact } from '../../src/sql.ts'

/** `kept`: the step was done all the same. */
export class Crash extends Error {
  readonly kept: boolean

  constructor(kept: boolean, where: string) {
    super(`the store broke ${where}`)
    this.kept = kept
  }
}

/** At which write of a step it breaks: by number, from 1, where the one after the last is its commit; or at each of one statement. */
export interface Break {
  write: number | string
  when: 'before' | 'after'
}

const commit = 'COMMIT'

export class BreakingSql {
  /** Where the step that comes breaks; undefined: not at all. */
  next: () => Break | undefined = () => undefined
  crashes = 0
  /** What was written, and at what it broke. */
  readonly seen = new Set<string>()
  readonly broken = new Set<string>()
  /** Writes of the step under way. */
  #writes = 0
  #break: Break | undefined
  readonly #store: { sql: Sql; transact: Transact }

  constructor(store: { sql: Sql; transact: Transact }) {
    this.#store = store
  }

  get writes(): number {
    return this.#writes
  }

  readonly sql: Sql = (query, ...bindings) => {
    if (query.startsWith('SELECT')) return this.#store.sql(query, ...bindings)
    this.#writes++
    this.seen.add(query)
    if (this.#is('before', query)) this.#crash(false, 'before', query)
    const rows = this.#store.sql(query, ...bindings)
    if (this.#is('after', query)) this.#crash(false, 'after', query)
    return rows
  }

  readonly transact: Transact = (work) => {
    this.#writes = 0
    this.#break = this.next()
    const result = this.#store.transact(() => {
      const done = work()
      this.#writes++
      this.seen.add(commit)
      if (this.#is('before', commit)) this.#crash(false, 'before', commit)
      return done
    })
    if (this.#is('after', commit)) this.#crash(true, 'after', commit)
    this.#break = undefined
    return result
  }

  #is(when: Break['when'], query: string): boolean {
    const { write } = this.#break ?? {}
    return (write === query || write === this.#writes) && this.#break?.when === when
  }

  #crash(kept: boolean, when: string, query: string): never {
    this.crashes++
    this.broken.add(query)
    this.#break = undefined
    throw new Crash(kept, `${when} ${query}`)
  }
}
