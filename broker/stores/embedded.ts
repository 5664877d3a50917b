// The embedded store: a folder with one SQLite file a tenant, one a pool and one for the index, as Durable Objects have them. One process
// uses it at a time. Translates only. Rules G9, S1.
import type { DeskFace, PoolFace } from '../../src/http/house.ts'
import { Courier } from '../../src/courier.ts'
import { SqlIndex } from '../../src/index-sql.ts'
import { shareTimeoutMs } from '../../src/limits.ts'
import { PoolLife } from '../../src/pool-life.ts'
import type { CallRef, Clock } from '../../src/ports.ts'
import { SqlPoolSteps } from '../../src/sql-pool-steps.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { DeskLife } from '../../src/desk-life.ts'
import { noCeiling, type Ceiling } from '../../src/upstream.ts'
import { clock } from '../clock.ts'
import { deskFace, poolFace } from '../desk-face.ts'
import type { Fault, Store, Tell, Words } from '../store.ts'
import { EmbeddedDesk } from './embedded-desk.ts'
import { Folder } from './folder.ts'
import type { Sqlite } from '../sqlite.ts'
import { openSqliteFile } from './sqlite-file.ts'

/** Desks that may stay open while nothing happens at them: each has three files open. */
const idleDesks = 256
/** A desk that was just used may still wait for its pool's answer. */
const idleAfterMs = 2 * shareTimeoutMs

export interface EmbeddedOptions {
  dir: string
  /** The quotas, each with the ceiling that its upstream comes with. */
  pools: Readonly<Record<string, Ceiling>>
  calls: Words
  courier: Courier
  fault: Fault
  tell: Tell
}

/** Throws Unusable where a person must mend something first. */
export function openEmbedded(options: EmbeddedOptions): Store {
  return new EmbeddedStore(options)
}

class EmbeddedStore implements Store {
  readonly desks: Store['desks'] = {
    admit: async (offer) => this.#life(offer.tenant).admit(offer),
    renew: async (ref, load, progress) => this.#lifeOf(ref).renew(ref, load, progress),
    leave: async (ref) => this.#lifeOf(ref).leave(ref),
    debit: async (ref, entries, progress) => this.#lifeOf(ref).debit(ref, entries, progress),
    end: async (ref, entries, record) => this.#lifeOf(ref).end(ref, entries, record),
  }
  readonly homes: Store['homes']
  readonly #folder: Folder
  readonly #files: Sqlite[] = []
  readonly #pools = new Map<string, PoolLife>()
  /** The one that was not used for the longest time comes first. */
  readonly #open = new Map<string, EmbeddedDesk>()
  readonly #words: Words
  readonly #courier: Courier
  readonly #fault: Fault
  readonly #tell: Tell
  #closed = false

  constructor({ dir, pools, calls, courier, fault, tell }: EmbeddedOptions) {
    this.#words = calls
    this.#courier = courier
    this.#tell = tell
    // What still runs when the files are closed finds them so.
    this.#fault = (...what) => (this.#closed ? undefined : fault(...what))
    this.#folder = new Folder(dir)
    const index = new SqlIndex(this.#file(this.#folder.index).sql)
    for (const [id, ceiling] of Object.entries(pools)) this.#pools.set(id, this.#poolLife(id, ceiling))
    this.homes = {
      desk: (tenant) => this.#face(tenant),
      pool: (id) => this.#poolFace(id),
      registry: () => ({
        put: async (tenant) => index.put(tenant),
        list: async (limit, after) => index.list(limit, after),
      }),
      pools: Object.keys(pools),
    }
    void this.#visitAll()
  }

  problems(): string[] {
    return []
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const desk of this.#open.values()) desk.close()
    for (const file of this.#files) file.close()
    this.#folder.release()
  }

  /** Opens each desk once, so that calls of an earlier life end, and messages that wait go out, whoever asks. */
  async #visitAll(): Promise<void> {
    for (const tenant of this.#folder.tenants()) {
      await new Promise((resolve) => setImmediate(resolve)) // callers come first
      if (this.#closed) return
      if (this.#open.has(tenant)) continue
      try {
        const desk = this.#desk(tenant)
        if (desk?.idle === true) this.#shut(tenant, desk)
      } catch (error) {
        this.#fault('desk', error, { tenant_id: tenant })
      }
    }
  }

  #face(tenant: string): DeskFace {
    const desk = this.#desk(tenant)
    if (desk !== undefined) return desk.face
    const nobody = deskFace(nobodys(tenant, clock))
    return { ...nobody, create: (made) => (this.#desk(made.id, true)?.face ?? nobody).create(made) }
  }

  #life(tenant: string): DeskLife {
    return this.#desk(tenant)?.life ?? nobodys(tenant, clock)
  }

  #lifeOf({ tenant }: CallRef): DeskLife {
    return this.#life(tenant)
  }

  /** undefined: there is no such tenant, and no file is made for asking. */
  #desk(tenant: string, make = false): EmbeddedDesk | undefined {
    let desk = this.#open.get(tenant)
    const file = this.#folder.desk(tenant)
    if (desk === undefined && file !== undefined && (make || this.#folder.has(file))) {
      desk = new EmbeddedDesk(tenant, file, {
        pools: {
          share: (pool, ask) => this.#pool(pool).share(tenant, ask),
          report: async (pool, series) => this.#pool(pool).steps.report(tenant, series),
        },
        wake: (call) => this.#words.seated(call),
        tell: async (calls, word) => calls.forEach((call) => this.#words.told(call, word)),
        alert: (alert) => this.#tell(tenant, alert),
        courier: this.#courier,
        fault: (error) => this.#fault('desk', error, { tenant_id: tenant }),
      })
    }
    if (desk === undefined) return undefined
    desk.usedAt = clock.now()
    this.#open.delete(tenant)
    this.#open.set(tenant, desk)
    this.#shutIdle()
    return desk
  }

  #shutIdle(): void {
    let over = this.#open.size - idleDesks
    if (over <= 0) return
    for (const [tenant, desk] of this.#open) {
      if (over <= 0 || clock.now() - desk.usedAt < idleAfterMs) return
      if (desk.idle) {
        this.#shut(tenant, desk)
        over--
      }
    }
  }

  #shut(tenant: string, desk: EmbeddedDesk): void {
    this.#open.delete(tenant)
    desk.close()
  }

  #pool(id: string): PoolLife {
    let pool = this.#pools.get(id)
    if (pool === undefined) this.#pools.set(id, (pool = this.#poolLife(id, noCeiling))) // no upstream draws from it any more
    return pool
  }

  #poolFace(id: string): PoolFace {
    return poolFace(this.#pool(id))
  }

  #poolLife(id: string, ceiling: Ceiling): PoolLife {
    const { sql, transact } = this.#file(this.#folder.pool(id))
    const steps = new SqlPoolSteps(id, ceiling, sql, transact, clock)
    steps.hear() // what was shared was shared with another life's calls
    return new PoolLife(steps, {
      clock,
      regrant: async (tenant, grant) => this.#desk(tenant)?.life.regrant(id, grant),
      level: async (tenant) => this.#desk(tenant)?.life.level(id),
      background: (work) => void work.catch((error: unknown) => this.#fault('pool', error, { pool: id })),
    })
  }

  #file(path: string): Sqlite {
    const file = openSqliteFile(path)
    this.#files.push(file)
    return file
  }
}

/** The desk of a tenant that there is not: it has nothing, and keeps nothing. */
function nobodys(tenant: string, clock: Clock): DeskLife {
  const steps = new SqlSteps(
    tenant,
    () => [],
    (work) => work(),
    clock,
  )
  const pools = { share: nothing, report: nothing }
  return new DeskLife(steps, {
    clock,
    pools,
    wake: idle,
    tell: nothing,
    alert: idle,
    busy: () => false,
    background: idle,
    arm: idle,
    courier: new Courier({ now: () => clock.now(), hmac: nothing, post: nothing }),
    chance: () => 0,
    fault: idle,
  })
}

async function nothing(): Promise<never> {
  throw new Error('nobody has no pool, no call and no webhook')
}

function idle(): void {}
