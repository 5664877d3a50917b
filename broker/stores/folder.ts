// The folder of the embedded store: who may use it, where each file is, whether this version may. Knows nothing of what is in the files.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from './folder-lock.ts'
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
    let release: (() => void) | undefined
    try {
      for (const sub of ['desks', 'pools']) mkdirSync(join(dir, sub), { recursive: true, mode: 0o700 })
      release = lockFolder(dir)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const says = code === 'ERR_SQLITE_ERROR' ? message : code
      throw new Unusable(`The folder ${dir} cannot be used (${says}): name another one with --store.`)
    }
    if (release === undefined)
      throw new Unusable(
        `${dir} is in use by another broker: one process at a time may use a folder. Stop that one, name another folder with --store, or use Redis for several.`,
      )
    this.#release = release
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
