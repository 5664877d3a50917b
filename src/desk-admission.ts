// A desk decides on offers: who has a line, a place, or neither, with the terms that hold for the call. Knows no transaction. Rules G2, H6, C4.
import type { DeskCounts } from './desk-counts.ts'
import type { Registry, Ticks } from './desk-homes.ts'
import type { DeskLedger } from './desk-ledger.ts'
import type { DeskPools } from './desk-pools.ts'
import type { DeskQueue } from './desk-queue.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { admit, turning, type Ask, type Desk, type Terms, type Verdict } from './gate.ts'
import { offerProblem } from './offer-check.ts'
import { callTerms, patienceMs, roomOf, type Key, type Tenant } from './plan.ts'
import type { Admission, Offer } from './ports.ts'
import type { Records } from './records.ts'

/** What of a desk an offer touches. */
interface Parts {
  rosters: DeskRosters
  registry: Registry
  records: Records
  counts: DeskCounts
  queue: DeskQueue
  ledger: DeskLedger
  pools: DeskPools
  ticks: Ticks | undefined
  terms: TermsAt
}

type TermsAt = (now: number, room: number) => Terms
type Rule<V> = (desk: Desk, ask: Ask, t: Terms) => V
type Decided<V> = Admission | (undefined extends V ? undefined : never)

export class DeskAdmission {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `first`: the rule for a newcomer. Asked again a call keeps its line or place, and hears how it stands. */
  decide<V extends Verdict | undefined>(offer: Offer, now: number, first: Rule<V>): Decided<V> {
    const { registry, records, queue, counts } = this.#parts
    const tenant = registry.tenant()
    const key = tenant && registry.keyByHash(offer.keyHash)
    if (tenant === undefined || key === undefined) return { is: 'refused', refusal: { why: 'key_unknown' } }
    const known = records.get(offer.call)
    // It asked before it ended and is heard after: it would hold a line that nobody frees.
    if (known !== undefined && known.ended !== null) return { is: 'refused', refusal: { why: 'call_reset' } }
    if (queue.isRemoved(offer.call)) return { is: 'refused', refusal: { why: 'removed_from_queue' } }
    const admission = this.#decide(offer, tenant, key, now, known === undefined ? first : admit)
    if (admission === undefined) return undefined as Decided<V>
    if (known === undefined) counts.offered(offer.pool, tenant.plan)
    if (admission.is === 'granted' || admission.is === 'queued') this.#enter(offer, tenant, key, admission.is, now)
    else if (known === undefined) counts.turnedAway(offer.pool, tenant.plan, admission)
    return admission
  }

  #decide(offer: Offer, tenant: Tenant, key: Key, now: number, rule: Rule<Verdict | undefined>): Admission | undefined {
    const refusal = offerProblem(offer, tenant, key, now)
    if (refusal !== undefined) return { is: 'refused', refusal }
    const { pools, rosters, ledger, terms } = this.#parts
    pools.enter(offer.pool)
    const [{ overflow }, room] = [tenant, roomOf(tenant)]
    const { call, caller } = offer
    const desk = rosters.gate(tenant, key, offer.agent, now)
    const ask: Ask = {
      call,
      quota: rosters.quota(offer.pool, now),
      load: ledger.newcomerLoad(),
      headStartMs: key.headStartSeconds * 1000,
      ...(caller !== null && { caller }),
    }
    const verdict = rule(desk, ask, terms(now, room))
    if (verdict === undefined) return undefined
    if (verdict.is === 'granted') return { is: 'granted', terms: callTerms(tenant, key) }
    if (verdict.is === 'queued') {
      const { place, short } = verdict
      const etaMs = ledger.etaMs(place, turning(desk, short))
      return { is: 'queued', terms: callTerms(tenant, key), place, short, etaMs }
    }
    if (verdict.of === 'room' && overflow === 'hold') return { is: 'full', terms: callTerms(tenant, key), room }
    const beforeUpgrade = overflow === 'upgrade'
    if (verdict.short !== 'lines') return { is: 'refused', refusal: { why: 'quota_short' }, beforeUpgrade }
    const scope = verdict.of === 'room' ? 'tenant' : verdict.of
    const cap = (desk.lines.find((lines) => lines.of === scope) ?? desk.lines[0]).cap
    return { is: 'refused', refusal: { why: 'lines_full', details: { scope, cap } }, beforeUpgrade }
  }

  /** Opens the record of a call that has a line or a place, and counts it once when it has its line. */
  #enter(offer: Offer, tenant: Tenant, key: Key, is: 'granted' | 'queued', now: number): void {
    const { call: id, agent, model, pool } = offer
    const { records, ticks } = this.#parts
    records.open({ id, key: key.id, agent, model, pool, began: now, admitted: null })
    if (is === 'granted') this.seated(id, tenant.plan, now)
    else ticks?.joined(id, patienceMs(tenant), now)
  }

  /** A call has its line; said twice it is counted once. */
  seated(call: string, plan: string, now: number): void {
    const { records, counts, ticks, pools } = this.#parts
    const entered = records.admit(call, now)
    if (entered === undefined) return
    pools.came(entered.pool)
    ticks?.left(call)
    counts.admitted(entered.pool, plan, now - entered.began)
  }
}
