// The folder of the embedded store: who may use it, where each file is, whether this version may. Knows nothing of what is in the files.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { newerProblem } from './sqlite-file.ts'

/** What a person must mend before the broker can start; the message is the sentence. */
export class Unusable extends Error {}

const suffix = '.sqlite'

export class Folder {
  readonly #dir: string
  readonly #release: () => void

  /** Takes the folder for this process. Refused, nothing in it has been touched. */
  constructor(dir: string) {
    this.#dir = dir
    try {
      for (const sub of ['desks', 'pools']) mkdirSync(join(dir, sub), { recursive: true, mode: 0o700 })
    } catch (error) {
      throw new Unusable(
        `The folder ${dir} cannot be used (${(error as NodeJS.ErrnoException).code}): name another one with --store.`,
      )
    }
    this.#release = lock(dir)
    const problem = [this.index, ...this.#files('desks'), ...this.#files('pools')].map(newerProblem).find(Boolean)
    if (problem === undefined) return
    this.#release()
    throw new Unusable(problem)
  }

  get index(): string {
    return join(this.#dir, `index${suffix}`)
  }

  /** Only ids of ours become names of files. */
  desk(tenant: string): string | undefined {
    return /^ten_[0-9a-f]{32}$/.test(tenant) ? join(this.#dir, 'desks', `${tenant}${suffix}`) : undefined
  }

  pool(id: string): string {
    return join(this.#dir, 'pools', `${id}${suffix}`)
  }

  /** Tenants that have a file. */
  tenants(): string[] {
    return this.#files('desks').map((file) => file.slice(join(this.#dir, 'desks', '/').length, -suffix.length))
  }

  has(file: string): boolean {
    return existsSync(file)
  }

  release(): void {
    this.#release()
  }

  #files(sub: string): string[] {
    const names = readdirSync(join(this.#dir, sub)).filter((name) => name.endsWith(suffix))
    return names.map((name) => join(this.#dir, sub, name))
  }
}

/** SQLite's lock goes with its process, however that ends; a pid file would stay. */
function lock(dir: string): () => void {
  const database = new DatabaseSync(join(dir, 'lock.db'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch {
    database.close()
    throw new Unusable(
      `${dir} is in use by another broker: one process at a time may use a folder. Stop that one, name another folder with --store, or use Redis for several.`,
    )
  }
  return () => database.close()
}
