// One tenant's desk over one SQL store, with what is kept and done there alone: ticks, uploads, edits and what they would do. Knows no host
// and no socket.
import { SqlAudit } from './audit-sql.ts'
import { SqlCounts } from './counts-sql.ts'
import { lost } from './desk-counts.ts'
import { DeskEdits } from './desk-edits.ts'
import { refOf } from './desk-ends.ts'
import type { DeskHomes, Waits } from './desk-homes.ts'
import { DeskRosters } from './desk-rosters.ts'
import type { Called, Freed } from './desk-rounds.ts'
import { DeskTicks, type Due } from './desk-ticks.ts'
import { DeskUploads } from './desk-uploads.ts'
import { SqlHooks } from './hooks-sql.ts'
import { learningMs } from './limits.ts'
import { SqlMessages } from './messages-sql.ts'
import { keyValid } from './plan.ts'
import type { TickAnswer } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { SqlRecords } from './records-sql.ts'
import { SqlRegistry } from './registry-sql.ts'
import { PackedRosters } from './roster-packed.ts'
import { SqlRoster } from './roster-sql.ts'
import type { Roster } from './roster.ts'
import { lapsed } from './silence.ts'
import { SqlSounds } from './sounds-sql.ts'
import type { Sql, Transact } from './sql.ts'
import { TenantDesk } from './tenant-desk.ts'

export class SqlDesk extends TenantDesk {
  readonly registry: SqlRegistry
  readonly records: SqlRecords
  readonly hooks: SqlHooks
  readonly sounds: SqlSounds
  readonly uploads: DeskUploads
  readonly ticks: DeskTicks
  readonly edits: DeskEdits
  readonly audit: SqlAudit
  readonly #learning: { until: number }
  readonly transact: Transact

  /** `waits`: as in its homes. */
  constructor(sql: Sql, transact: Transact, waits: Waits = () => undefined) {
    const homes = homesOf(sql, transact, waits)
    super(homes)
    this.transact = homes.transact
    this.#learning = homes.learning
    this.registry = homes.registry
    this.records = homes.records
    this.hooks = homes.hooks
    this.ticks = homes.ticks
    this.sounds = new SqlSounds(sql)
    this.uploads = new DeskUploads(this.registry, this.sounds, transact)
    this.audit = homes.audit
    const { rosters, registry, records, queue, books, sounds, audit } = this
    this.edits = new DeskEdits({ rosters, registry, records, queue, books, sounds, audit, transact: this.transact })
  }

  /** Makes the tables. Not before a tenant is made: a desk that nobody owns writes nothing. */
  static prepare(sql: Sql): void {
    const own = [SqlRegistry, SqlRecords, SqlSounds, SqlCounts, SqlHooks, SqlMessages, SqlAudit]
    for (const home of [SqlRoster, PackedRosters, ...own]) home.prepare(sql)
  }

  /** The waiting calls that are to be ticked now, and what each is told, or why it waits for nothing any more (K3, L6). */
  due(now: number): Called[] {
    return this.transact(() => {
      const tenant = this.registry.tenant()
      if (tenant === undefined) return []
      const [barred, { free }] = [this.books.budget.refusal(tenant, now), this.books.seats(tenant, now)]
      return this.ticks.due(now).map(({ call, place }) => {
        const kept = this.records.get(call)
        const key = kept && this.registry.key(kept.key)
        const valid = key !== undefined && keyValid(key, now)
        const refusal: Refusal | undefined = valid ? barred : { why: 'key_withdrawn' }
        const etaMs = kept === undefined || place === null ? null : this.queue.etaMs(tenant, kept, place, free, now)
        return { call, place, etaMs, refusal }
      })
    })
  }

  /** After a silence: where lines ran out unheard nothing new is granted until their calls have said that they are there (G10). */
  learn(now: number): void {
    if (lapsed(this.rosters.get('leases'), now)) this.#learning.until = now + learningMs
  }

  /** What a call said to its tick. */
  ticked(due: Due, answer: TickAnswer, now: number): Freed {
    const [tenant, call] = [this.registry.tenant(), this.records.get(due.call)]
    const waits = this.rosters.get('queue').get(due.call) !== undefined
    if (tenant === undefined || call === undefined || !waits) return undefined // it was seated in the meantime, or has left
    const ref = refOf(call, tenant)
    if (answer.is === 'lost') return { ref, ...this.end(ref, [], lost(call, now), now) }
    if (answer.is === 'left') return { ref, waits: this.leave(ref, now), alerts: [] }
    const gate = this.rosters.gate(tenant, this.registry.key(call.key), call.agent, now)
    this.transact(() => this.ticks.answered(due, gate, answer, now))
    return undefined
  }
}

/** Of the ledger: each debit writes most of its names. */
function isPage(name: string): boolean {
  return ['used', 'split', 'cells', 'told', 'metered'].includes(name.split(':')[0] ?? '')
}

/** One host has it, so that nothing is asked of a pool twice; and what it keeps it does not lose in part. */
function homesOf(sql: Sql, transact: Transact, waits: Waits) {
  const packed = new PackedRosters(sql)
  const rosters = (name: string): Roster => (isPage(name) ? packed.open(name) : new SqlRoster(sql, name))
  const counts = new SqlCounts(sql)
  const learning = { until: 0 }
  const homes = {
    rosters,
    registry: new SqlRegistry(sql),
    records: new SqlRecords(sql),
    counts,
    hooks: new SqlHooks(sql),
    messages: new SqlMessages(sql),
    waits,
    audit: new SqlAudit(sql),
    shared: false,
    ticks: new DeskTicks(new DeskRosters(rosters)),
    learningUntil: () => learning.until,
    transact: counts.kept(packed.kept(transact)),
  } satisfies DeskHomes
  return { ...homes, learning }
}
