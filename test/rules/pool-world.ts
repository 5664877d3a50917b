// Desks and their pool with the network between them, which delivers at once or as a test wills. Knows no test.
import { Admissions, type Deciding } from '../../src/admission.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { SqlDesk } from '../../src/desk.ts'
import type { Overflow } from '../../src/hold-settings.ts'
import { firstMinuteTokens } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { PlanName } from '../../src/plan.ts'
import type { Admission, CallRef, Clock, Offer, PoolAsk, PoolGrant } from '../../src/ports.ts'
import { SqlPool } from '../../src/sql-pool.ts'
import type { Words } from '../../src/shared-pool.ts'
import type { TenantDesk } from '../../src/tenant-desk.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { HandClock, settle } from './host.ts'

export const load = firstMinuteTokens

/** A desk whose steps answer at once as the conversation wants it. */
export function deciding(desk: TenantDesk, clock: Clock): Deciding {
  return {
    consider: (offer) => desk.decision(desk.consider(offer, clock.now()), offer.pool, clock.now()),
    admit: (offer) => desk.decision(desk.admit(offer, clock.now()), offer.pool, clock.now()),
    ask: (pool) => desk.ask(pool, clock.now()),
    regrant: (pool, grant, as) => desk.regrant(pool, grant, as, clock.now()),
    pools: () => desk.pools(),
  }
}

/** One message on its way: to the pool, back from it, or its unasked word. */
interface Message {
  deliver(): void
  lose(): void
}

export class World {
  readonly clock = new HandClock()
  readonly stores: Store[] = []
  readonly #calls: number
  pool: SqlPool
  readonly houses = new Map<string, House>()
  /** What is on its way, where the network takes its time. */
  readonly mail: Message[] = []
  /** How it goes on a good day: everything arrives as it is sent. */
  prompt = true
  shares = 0
  /** How far the pool's clock is ahead of the desks'. */
  skewMs = 0

  constructor(calls: number) {
    this.#calls = calls
    this.pool = this.empty()
  }

  /** A pool that has heard nobody. */
  empty(): SqlPool {
    const store = this.open()
    SqlPool.prepare(store.sql)
    const own = { tokensPerMinute: this.#calls * load, sessions: null }
    return new SqlPool('openai', own, store.sql, store.transact)
  }

  open(): Store {
    const store = openSqlite()
    this.stores.push(store)
    return store
  }

  house(id: string, plan: PlanName = 'scale', lines = 1_000, overflow: Overflow = 'hold'): House {
    const house = new House(this, id, plan, lines, overflow)
    this.houses.set(id, house)
    return house
  }

  send(deliver: () => void, lose: () => void = () => undefined): void {
    if (this.prompt) deliver()
    else this.mail.push({ deliver, lose })
  }

  share(desk: string, ask: PoolAsk): Promise<PoolGrant> {
    this.shares++
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new Error('lost'))
      this.send(() => {
        const { grant, ...words } = this.pool.share(desk, ask, this.clock.now() + this.skewMs)
        this.tell(words)
        this.send(() => resolve(grant), lost)
      }, lost)
    })
  }

  tell({ risen, idle }: Words): void {
    for (const { desk, grant } of risen)
      this.send(() => void this.houses.get(desk)?.admissions.regrant('openai', grant))
    for (const desk of idle) this.send(() => void this.houses.get(desk)?.admissions.level('openai'))
  }

  get has(): number {
    return [...this.houses.values()].reduce((sum, { live }) => sum + live, 0) * load
  }

  close(): void {
    for (const store of this.stores) store.close()
  }
}

/** One tenant. */
export class House {
  readonly desk: SqlDesk
  readonly admissions: Admissions
  readonly woken: string[] = []
  readonly faults: unknown[] = []
  readonly #world: World
  readonly #id: string

  constructor(world: World, id: string, plan: PlanName, lines: number, overflow: Overflow) {
    this.#world = world
    this.#id = id
    const { sql, transact } = world.open()
    SqlDesk.prepare(sql)
    const desk = new SqlDesk(sql, transact)
    const created_at = '2026-11-21T00:00:00.000Z'
    desk.registry.putTenant({ ...TenantSettings.parse({ name: id, plan, caps: { lines }, overflow }), id, created_at })
    const times = { created_at, expires_at: null, revoked_at: null }
    desk.registry.putKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
    this.desk = desk
    this.admissions = new Admissions(deciding(desk, world.clock), {
      clock: world.clock,
      pools: { share: (_pool, ask) => world.share(id, ask) },
      wake: (calls) => this.woken.push(...calls),
      fault: (error) => this.faults.push(error),
    })
  }

  get live(): number {
    return this.desk.read(this.#world.clock.now())?.lines.live ?? 0
  }

  get waiting(): number {
    return this.desk.read(this.#world.clock.now())?.lines.waiting ?? 0
  }

  offer(call: string): Offer {
    const asks = { keyHash: 'hash', model: 'm', agent: null, caller: null, models: ['m'], unserved: null }
    return { call, tenant: this.#id, pool: 'openai', ...asks }
  }

  ref(call: string): CallRef {
    return { call, tenant: this.#id, key: 'k1', agent: null, caller: null, model: 'gpt-realtime', pool: 'openai' }
  }

  async enter(call: string): Promise<string> {
    const admission = this.admissions.admit(this.offer(call))
    await settle()
    return said(await admission)
  }

  /** A call ends, and its desk says so. */
  async end(call: string): Promise<void> {
    const { waits } = this.desk.end(this.ref(call), [], lostRecord('m', 1), this.#world.clock.now())
    void this.admissions.freed('openai', waits)
    await settle()
  }

  async heartbeat(): Promise<void> {
    void this.admissions.levelAll()
    await settle()
  }

  async crowd(prefix: string, count: number): Promise<string[]> {
    const answers = Array.from({ length: count }, (_, i) =>
      this.admissions.admit(this.offer(`${prefix}${String(i).padStart(2, '0')}`)),
    )
    await settle()
    return (await Promise.all(answers)).map(said)
  }
}

export function said(admission: Admission): string {
  if (admission.is === 'queued') return `queued ${admission.place} ${admission.short}`
  return admission.is === 'refused' ? admission.refusal.why : admission.is
}
