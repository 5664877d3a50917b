// What a desk tells its tenant's webhooks: put away in the step that it tells of, claimed and settled in steps of its own. Knows no socket.
// Rule A5.
import type { Outcome } from './courier.ts'
import type { DeskCounts } from './desk-counts.ts'
import type { DeskHomes, Hooks, Messages, Waits } from './desk-homes.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { secretsOf, stateAfter, wants } from './hook.ts'
import { keptMs } from './limits.ts'
import { claim, done, drop, expire, nextAt, put, settle, type Claim, type Outbox } from './outbox.ts'
import type { CallRecord, CallRef } from './ports.ts'
import type { Message } from './webhook-events.ts'

/** Where an attempt goes: its hook may have another URL by the time that somebody answers. */
export interface Tried {
  hook: string
  url: string
}

export interface Attempt extends Claim, Tried {}

/** A message to be sent now, and to whom. */
export interface Due {
  is: 'due'
  attempt: Attempt
  secrets: string[]
  message: Message
  /** Another one is due as well. */
  more: boolean
}

/** Nothing is due for so long (ms); null: nothing waits. */
export type NextMessage = Due | { is: 'none'; afterMs: number | null }

export class DeskOutbox {
  readonly #rosters: DeskRosters
  readonly #hooks: Hooks
  readonly #messages: Messages
  readonly #counts: DeskCounts
  readonly #tell: Waits

  constructor(rosters: DeskRosters, counts: DeskCounts, { hooks, messages, waits }: DeskHomes) {
    this.#rosters = rosters
    this.#hooks = hooks
    this.#messages = messages
    this.#counts = counts
    this.#tell = waits
  }

  /** Inside the transaction of what it tells of. Nothing is kept that no hook wants; the same id is told once, for as long as calls are kept. */
  put({ id, type, data }: Omit<Message, 'at'>, now: number): void {
    const hooks = this.#hooks.list()
    const wanting = hooks.filter((kept) => wants(kept, type)).map(({ hook }) => hook.id)
    if (wanting.length === 0 || !this.#messages.put({ id, type, at: now, data })) return
    this.#dropped(put(this.#box(), id, wanting, this.#ids(), now))
    this.#tell(0)
  }

  /** A call is over. */
  ended({ call, tenant, key, agent }: CallRef, record: CallRecord, now: number): void {
    const data = {
      tenant,
      call,
      key,
      agent,
      model: record.model,
      outcome_by: record.outcome.by,
      outcome_why: record.outcome.why,
      waited_ms: record.waitedMs,
      live_ms: record.liveMs,
      tokens: record.tokens,
      micro_usd: record.microUsd,
    }
    this.put({ id: `${call}_ended`, type: 'call.ended', data }, now)
  }

  /** Takes the next message, for a while. */
  next(now: number): NextMessage {
    this.#expire(now)
    for (;;) {
      const taken = claim(this.#box(), this.#ids(), now)
      if (taken.is === 'none') return { is: 'none', afterMs: taken.at === null ? null : taken.at - now }
      const { hook, message: id } = taken.claim
      const [kept, message] = [this.#hooks.get(hook), this.#messages.get(id)]
      if (kept !== undefined && message !== undefined) {
        const more = (nextAt(this.#box(), this.#ids()) as number) <= now // at least this one is there
        const attempt = { ...taken.claim, url: kept.hook.url }
        return { is: 'due', attempt, secrets: secretsOf(kept.hook, now), message, more }
      }
      done(this.#box(), hook, id, this.#ids()) // it was lost
    }
  }

  /** What came of it. `chance`: from 0 to 1. */
  settle(attempt: Attempt, outcome: Outcome, chance: number, now: number): void {
    if (this.note(attempt, outcome, now)) {
      this.#counts.delivery(this.#pool(), 'disabled')
      return
    }
    const settled = settle(this.#box(), attempt, outcome.error === null, this.#ids(), chance, now)
    if (settled !== 'nothing') this.#counts.delivery(this.#pool(), settled)
    if (this.#box().waiting.get(attempt.message) === undefined) this.#messages.done(attempt.message)
  }

  /** What an attempt came to is shown with its hook; nothing where that has another URL by now. True where it switches the hook off. */
  note({ hook, url }: Tried, outcome: Outcome, now: number): boolean {
    const kept = this.#hooks.get(hook)
    if (kept?.hook.url !== url) return false
    this.#hooks.note(hook, stateAfter(outcome, kept.state, now))
    if (outcome.status !== 410) return false
    this.forsake(hook)
    return true
  }

  /** A hook is off, or is there no more: nothing waits for it. */
  forsake(hook: string): void {
    this.#over(drop(this.#box(), hook, this.#ids()))
  }

  /** Says when the next is due, should its host have forgotten; gives up and forgets what was put long ago. */
  sweep(now: number): void {
    this.#expire(now)
    this.#messages.forget(now - keptMs)
    const at = nextAt(this.#box(), this.#ids())
    if (at !== null) this.#tell(Math.max(0, at - now))
  }

  /** How many wait, and the oldest of them for how long (ms). */
  standing(now: number): { messages: number; oldestMessageMs: number } {
    const { waiting } = this.#box()
    let oldestMessageMs = 0
    for (const oldest of waiting.first(1)) oldestMessageMs = Math.max(0, now - (waiting.get(oldest) as number))
    return { messages: waiting.size(), oldestMessageMs }
  }

  #expire(now: number): void {
    this.#dropped(expire(this.#box(), this.#ids(), now))
  }

  #dropped(messages: readonly string[]): void {
    this.#over(messages)
    this.#counts.dropped(this.#pool(), messages.length)
  }

  #over(messages: readonly string[]): void {
    for (const message of messages) this.#messages.done(message)
  }

  #ids(): string[] {
    return this.#hooks.list().map(({ hook }) => hook.id)
  }

  /** What has no pool is counted with the first. */
  #pool(): string | undefined {
    const [first] = this.#rosters.pools()
    return first
  }

  #box(): Outbox {
    const rosters = this.#rosters
    return {
      waiting: rosters.get('outbox'),
      due: (hook) => rosters.get(`outbox:due:${hook}`),
      failed: (hook) => rosters.get(`outbox:failed:${hook}`),
      failures: rosters.get('outbox:failures'),
      rests: rosters.get('outbox:rests'),
    }
  }
}
