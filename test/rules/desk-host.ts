// One tenant's desk on node:sqlite, with short words for what its host says to it. Knows no test.
import type { Heard, Left } from '../../src/desk-books.ts'
import { SqlDesk } from '../../src/desk.ts'
import { readSeries } from '../../src/series.ts'
import { TenantSettings, type TenantSettings as Settings } from '../../src/plan-settings.ts'
import type { Key, Tenant } from '../../src/plan.ts'
import type { Admission, CallRecord, Offer, Progress } from '../../src/ports.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { ample } from '../support/grants.ts'
import { still, unremarkable } from '../support/words.ts'

export const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'

export class DeskHost {
  readonly store: Store = openSqlite()
  readonly desk: SqlDesk
  /** After how long a message was said to be due. */
  readonly waits: number[] = []
  /** As the exchange of each call has it. */
  readonly #offers = new Map<string, Offer>()

  constructor(settings: Partial<Settings> = {}) {
    SqlDesk.prepare(this.store.sql)
    this.desk = new SqlDesk(this.store.sql, this.store.transact, (afterMs) => this.waits.push(afterMs))
    const own = TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines: 1 }, ...settings })
    this.desk.registry.putTenant({ ...own, id: 'ten_1', created_at } satisfies Tenant)
    this.key('k1')
    this.desk.regrant('openai', ample, 'answer', start)
  }

  key(id: string, own: Partial<Key> = {}): void {
    const made = { id, name: id, lines: null, headStartSeconds: 0, hint: '…', created_at }
    this.desk.registry.putKey({ ...made, expires_at: null, revoked_at: null, ...own }, `hash of ${id}`)
  }

  /** Asks for a call, at so many ms from the start: `granted`, `queued 0`, or why not. */
  admit(call: string, at = 0, own: { key?: string } & Partial<Offer> = {}): string {
    const { key = 'k1', ...more } = own
    return said(this.desk.admit(this.#offer(call, key, more), start + at))
  }

  /** The same of a newcomer; undefined where its pool is to be asked first. */
  consider(call: string): string | undefined {
    const admission = this.desk.consider(this.#offer(call, 'k1', {}), start)
    return admission && said(admission)
  }

  leave(call: string, at = 0): void {
    this.desk.leave(this.#ref(call), start + at)
  }

  renew(call: string, at = 0, progress: Progress = still): Heard {
    return this.desk.renew(this.#ref(call), null, progress, start + at)
  }

  end(call: string, at = 0, why: CallRecord['outcome']['why'] = 'hung_up'): Left {
    const outcome = {
      by: why === 'hung_up' ? 'caller' : 'broker',
      why,
      code: 1000,
      reason: '',
      inReply: false,
    } as const
    const nothing = { waitedMs: 0, liveMs: 0, tokens: 0, microUsd: 0, replies: 0, overheadMs: 0 }
    const unknown = {
      ...unremarkable,
      firstAudioMs: null,
      firstMinuteTokens: null,
      peakContextTokens: 0,
      connectMs: null,
    }
    const record: CallRecord = { model: 'gpt-realtime', outcome, ...nothing, ...unknown }
    return this.desk.end(this.#ref(call), [], record, start + at)
  }

  /** Who waits, in order. */
  queue(at = 0): string[] {
    return this.desk.queue.reading(start + at)?.data.map(({ call }) => call) ?? []
  }

  /** The value of a series that has no label but the plan. */
  gauge(name: string, at = 0): number | undefined {
    const all = Object.entries(this.desk.report(start + at)['openai'] ?? {})
    return all.find(([id]) => readSeries(id).name === name)?.[1]
  }

  #offer(call: string, key: string, more: Partial<Offer>): Offer {
    const asks = { model: 'gpt-realtime', models: ['gpt-realtime', 'gpt-other'], unserved: null, pool: 'openai' }
    const whose = { tenant: 'ten_1', keyHash: `hash of ${key}`, agent: null, caller: null }
    const offer = this.#offers.get(call) ?? { call, ...whose, ...asks, ...more }
    this.#offers.set(call, offer)
    return offer
  }

  #ref(call: string) {
    const { keyHash = '', agent = null, caller = null } = this.#offers.get(call) ?? {}
    return {
      call,
      tenant: 'ten_1',
      key: keyHash.replace('hash of ', ''),
      agent,
      caller,
      model: 'gpt-realtime',
      pool: 'openai',
    }
  }
}

function said(admission: Admission): string {
  if (admission.is === 'queued') return `queued ${admission.place}`
  return 'refusal' in admission ? admission.refusal.why : admission.is
}
