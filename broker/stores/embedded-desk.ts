// One tenant's desk in a file of its own: what its host does around it, and when the file may be closed. Translates only.
import { DeskLife, type DeskLifeHost } from '../../src/desk-life.ts'
import type { DeskFace } from '../../src/http/house.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { about, clock } from '../clock.ts'
import { deskFace } from '../desk-face.ts'
import type { Sqlite } from '../sqlite.ts'
import { Beat } from './beat.ts'
import { openSqliteFile } from './sqlite-file.ts'

export type DeskHost = Pick<DeskLifeHost, 'pools' | 'wake' | 'tell' | 'alert' | 'courier' | 'fault'>

export class EmbeddedDesk {
  readonly life: DeskLife
  readonly face: DeskFace
  usedAt = 0
  readonly #file: Sqlite
  readonly #steps: SqlSteps
  readonly #beat = new Beat(() => this.#background(this.life.alarm()))
  /** Works that nobody waits for and that need the file. */
  #works = 0

  constructor(tenant: string, file: string, host: DeskHost) {
    this.#file = openSqliteFile(file)
    this.#steps = new SqlSteps(tenant, this.#file.sql, this.#file.transact, clock)
    this.#steps.hear() // what is open is another life's, and ends here
    this.life = new DeskLife(this.#steps, {
      ...host,
      clock,
      busy: () => this.#steps.busy(),
      background: (work) => this.#background(work.catch(host.fault)),
      arm: (afterMs) => this.#beat.arm(about(afterMs)),
      chance: () => Math.random(),
    })
    this.face = deskFace(this.life)
    if (this.#endLost()) this.#background(this.life.beat())
    else this.#steps.mail.wake()
  }

  /** No call is open, no message waits and nothing is due: closed and opened again it is the same desk. */
  get idle(): boolean {
    return !this.#beat.isSet && this.#works === 0 && !this.#steps.busy()
  }

  close(): void {
    this.#beat.stop()
    this.#file.close()
  }

  /** One process has the folder at a time: what is open when a file is opened was another life's, whose callers are gone (G9). */
  #endLost(): boolean {
    const lost = this.#steps.openCalls()
    for (const { id } of lost) this.#steps.lose(id)
    return lost.length > 0
  }

  /** The work does not reject. */
  #background(work: Promise<unknown>): void {
    this.#works++
    void work.finally(() => this.#works--)
  }
}
