// A desk decides on offers: who has a line, a place, or neither, with the terms that hold for the call. Knows no transaction. Rules G2, H6, C4,
// L4.
import type { DeskBooks } from './desk-books.ts'
import type { Seats } from './desk-budget.ts'
import type { DeskCounts } from './desk-counts.ts'
import type { Registry, Ticks } from './desk-homes.ts'
import type { DeskPools } from './desk-pools.ts'
import type { DeskQueue } from './desk-queue.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { admit, release, turning, type Ask, type Desk, type Terms, type Verdict } from './gate.ts'
import { offerProblem } from './offer-check.ts'
import { callTerms, patienceMs, roomOf, shadowLines, type Key, type Tenant } from './plan.ts'
import type { Admission, Offer } from './ports.ts'
import type { KeptCall, Records } from './records.ts'
import type { Refusal } from './refusal.ts'

/** What of a desk an offer touches. */
interface Parts {
  rosters: DeskRosters
  registry: Registry
  records: Records
  counts: DeskCounts
  queue: DeskQueue
  books: DeskBooks
  pools: DeskPools
  ticks: Ticks | undefined
  terms: TermsAt
}

type TermsAt = (now: number, room: number, seats: number) => Terms
type Rule<V> = (desk: Desk, ask: Ask, t: Terms) => V
type Decided<V> = Admission | (undefined extends V ? undefined : never)

export class DeskAdmission {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `first`: the rule for a newcomer. Asked again a call keeps its line or place, and hears how it stands. */
  decide<V extends Verdict | undefined>(offer: Offer, now: number, first: Rule<V>): Decided<V> {
    const { registry, records, queue, counts, rosters, books } = this.#parts
    const tenant = registry.tenant()
    const key = tenant && registry.keyByHash(offer.keyHash)
    if (tenant === undefined || key === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
    const known = records.get(offer.call)
    // It asked before it ended and is heard after: it would hold a line that nobody frees.
    if (known !== undefined && known.ended !== null) return { is: 'refused', refusal: { why: 'call_reset' } }
    if (queue.isRemoved(offer.call)) return { is: 'refused', refusal: { why: 'removed_from_queue' } }
    const seats = books.seats(tenant, now)
    const barred = this.#barred(offer, tenant, key, known, seats, now)
    // A newcomer has a ticket, or was seated, while its pool is asked.
    if (barred !== undefined && known === undefined) {
      release(rosters.gate(tenant, key, offer.agent, now), offer.call, now)
      books.budget.letGo(offer.call)
    }
    const admission = barred ?? this.#decide(offer, tenant, key, seats, now, known === undefined ? first : admit)
    if (admission === undefined) return undefined as Decided<V>
    if (known === undefined) counts.offered(offer.pool, tenant.plan)
    if (known === undefined && admission.is === 'granted') this.#tried(offer, tenant)
    if (admission.is === 'granted' || admission.is === 'queued') this.#enter(offer, tenant, key, admission.is, now)
    else if (known === undefined) counts.turnedAway(offer.pool, tenant.plan, admission)
    return admission
  }

  barred(offer: Offer, now: number): Refusal | undefined {
    const { registry, books } = this.#parts
    const tenant = registry.tenant()
    const key = tenant && registry.keyByHash(offer.keyHash)
    if (tenant === undefined || key === undefined) return { why: 'key_unknown' }
    const barred = this.#barred(offer, tenant, key, undefined, books.seats(tenant, now), now)
    return barred !== undefined && 'refusal' in barred ? barred.refusal : undefined
  }

  /** What keeps it out whatever the lines: the offer itself, or its tenant's budgets. A call that has its line is ended elsewhere. */
  #barred(
    offer: Offer,
    tenant: Tenant,
    key: Key,
    known: KeptCall | undefined,
    { free, refusal }: Seats,
    now: number,
  ): Admission | undefined {
    const problem = offerProblem(offer, tenant, key, now)
    if (problem !== undefined) return { is: 'refused', refusal: problem }
    if (known !== undefined && known.admitted !== null) return undefined
    if (refusal === undefined || free > 0) return undefined
    // What is held may come back: who waits already waits on, and who was seated while its pool was asked holds for itself.
    const inside = known !== undefined || this.#parts.rosters.get('leases').get(offer.call) !== undefined
    if (refusal.why === 'budget_held' && inside) return undefined
    if (tenant.overflow === 'hold' && known === undefined) return { is: 'full', terms: callTerms(tenant, key), refusal }
    return { is: 'refused', refusal, beforeUpgrade: tenant.overflow === 'upgrade' }
  }

  #decide(
    offer: Offer,
    tenant: Tenant,
    key: Key,
    seats: Seats,
    now: number,
    rule: Rule<Verdict | undefined>,
  ): Admission | undefined {
    const { pools, rosters, books, terms } = this.#parts
    pools.enter(offer.pool)
    const [{ overflow }, room] = [tenant, roomOf(tenant)]
    const { call, caller } = offer
    const desk = rosters.gate(tenant, key, offer.agent, now)
    const ask: Ask = {
      call,
      quota: rosters.quota(offer.pool, now),
      load: books.ledger.newcomerLoad(),
      headStartMs: key.headStartSeconds * 1000,
      ...(caller !== null && { caller }),
    }
    const verdict = rule(desk, ask, terms(now, room, seats.free))
    if (verdict === undefined) return undefined
    if (verdict.is === 'granted') return { is: 'granted', terms: callTerms(tenant, key) }
    if (verdict.is === 'queued') {
      const { place, short } = verdict
      const etaMs = books.ledger.etaMs(place, turning(desk, short))
      return { is: 'queued', terms: callTerms(tenant, key), place, short, etaMs }
    }
    if (verdict.of === 'room' && overflow === 'hold')
      return { is: 'full', terms: callTerms(tenant, key), refusal: { why: 'queue_full', details: { room } } }
    const beforeUpgrade = overflow === 'upgrade'
    if (verdict.short === 'budget' && seats.refusal !== undefined)
      return { is: 'refused', refusal: seats.refusal, beforeUpgrade }
    if (verdict.short !== 'lines') return { is: 'refused', refusal: { why: 'quota_short' }, beforeUpgrade }
    const scope = verdict.of === 'room' ? 'tenant' : verdict.of
    const cap = (desk.lines.find((lines) => lines.of === scope) ?? desk.lines[0]).cap
    return { is: 'refused', refusal: { why: 'lines_full', details: { scope, cap } }, beforeUpgrade }
  }

  /** It has its line; those before it have as many as the tenant would have by a cap that is only tried. */
  #tried({ pool }: Offer, tenant: Tenant): void {
    const cap = shadowLines(tenant)
    const { rosters, counts } = this.#parts
    if (cap !== undefined && rosters.get('leases').size() > cap) counts.wouldWait(pool, tenant.plan)
  }

  /** Opens the record of a call that has a line or a place, and counts it once when it has its line. */
  #enter(offer: Offer, tenant: Tenant, key: Key, is: 'granted' | 'queued', now: number): void {
    const { call: id, agent, model, pool } = offer
    const { records, ticks } = this.#parts
    records.open({ id, key: key.id, agent, model, pool, began: now, admitted: null })
    if (is === 'queued') return ticks?.joined(id, patienceMs(tenant), now)
    this.seated(id, tenant.plan, now)
    ticks?.left(id)
  }

  /** A call has its line, and its first reply is held for; said twice it is counted once. */
  seated(call: string, plan: string, now: number): void {
    const { records, counts, pools, books } = this.#parts
    const entered = records.admit(call, now)
    const comes = entered !== undefined || records.get(call) === undefined // its pool is asked: it has no record yet
    if (comes) books.budget.hold(call, books.ledger.newcomerHold(), now)
    if (entered === undefined) return
    pools.came(entered.pool)
    counts.admitted(entered.pool, plan, now - entered.began)
  }
}
