// What a host must bring to carry the broker. Knows no host.
import type { Outcome } from './call.ts'
import type { Needs, Shortage } from './gate.ts'
import type { Grant } from './grant.ts'
import type { Hold as Estimate } from './held.ts'
import type { Entry } from './ledger.ts'
import type { Hold } from './hold.ts'
import type { SoundSource } from './lines.ts'
import type { Moments } from './moments.ts'
import type { BudgetNotice } from './budget-notice.ts'
import type { CallTerms, PlanName } from './plan.ts'
import type { PriceTable } from './price.ts'
import type { OwnItem } from './realtime/own-item.ts'
import type { Refusal } from './refusal.ts'
import type { Format, Recording } from './sound.ts'
import type { UpstreamSpec } from './upstream.ts'

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs `work` once after `ms`; the answer takes it back. */
  after(ms: number, work: () => void): () => void
}

export type Frame = string | Uint8Array

/** One WebSocket, to be sent to. Sending to a closed one does nothing. */
export interface Socket {
  send(frame: Frame): void
  /** Code and reason must be sendable (realtime/close-code.ts). Closing twice does nothing. */
  close(code: number, reason: string): void
  /** Bytes that were sent and not yet taken by the network. */
  readonly buffered: number
  /** Stops reading from it for so long (ms), where the host can: of what was read already frames may still come (C8). */
  rest?(ms: number): void
}

/** One WebSocket's other direction: the host calls in. `closed` comes once, and nothing after it. */
export interface Line {
  message(frame: Frame): void
  closed(code: number, reason: string): void
}

/** Where to dial: the URL is complete; our key is added by the host, from the secret that the upstream names. */
export interface Target {
  upstream: UpstreamSpec
  url: string
}

/** A dial under way. `abandon` gives it up, and closes what it still brings. */
export interface Dial {
  /** Rejects with an UpstreamFault. */
  opened: Promise<Socket>
  abandon(): void
}

export interface Upstream {
  open(target: Target, line: Line): Dial
}

export class UpstreamFault extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.why, { cause })
    this.refusal = refusal
  }
}

/** A caller's wish to talk, as its door understood it. */
export interface Offer {
  call: string
  tenant: string
  /** SHA-256 of the key, lower-case hex. */
  keyHash: string
  model: string
  agent: string | null
  /** Who calls, where its door was told: a pseudonym, never what was told (G12). */
  caller: string | null
  /** Models that are served: said only to a caller whose key is good. */
  models: readonly string[]
  /** What it asks for beyond a model and is not served; refused like an unknown model. */
  unserved: Refusal | null
  pool: string
}

/**
 * A desk's answer. `place` counts from 0. `full`: there is no place either, and the caller hears why. `refused`: it is told at
 * once; before the upgrade where its tenant wants that (H6).
 */
export type Admission =
  | { is: 'granted'; terms: CallTerms }
  | { is: 'queued'; terms: CallTerms; place: number; short: Shortage; etaMs: number | null }
  | { is: 'full'; terms: CallTerms; refusal: Refusal }
  | { is: 'refused'; refusal: Refusal; beforeUpgrade?: boolean }

/** How a waiting call stands with its desk; `place` counts from 0. */
export interface Standing {
  place: number
  etaMs: number | null
}

/**
 * What a waiting call says when it is ticked, in ms since 1970: when it wants the next tick, and from when it may be told of a better
 * place. `left`: it has given its place up, or been put through. `lost`: its object was reset, and its caller is gone.
 */
export type TickAnswer = { is: 'waits'; at: number; newsAt: number } | { is: 'left' } | { is: 'lost' }

/** Names one call towards its desk. */
export interface CallRef {
  call: string
  tenant: string
  key: string
  agent: string | null
  /** As in the offer: remembered for a while when it drops out of the queue (G12). */
  caller: string | null
  model: string
  pool: string
}

/** What a call's word to its desk is answered with: go on, or wrap the call up. */
export type Renewal = { is: 'kept' } | { is: 'withdrawn'; refusal: Refusal }

/** What is metered by time, as a call has it in all: milliseconds live, and micro-dollars for them where its provider bills time (L8). */
export interface Metered {
  live_ms: number
  micro_usd: number
}

/** How a call stands, with each of its words: the last one holds. */
export interface Progress {
  /** Undefined where there is nothing else to write: it comes with the next report or heartbeat. */
  metered?: Metered
  /** What its running replies are taken to need; undefined: what it held when it came still holds (L4). */
  hold?: Estimate
}

/** What a desk tells its calls of its own accord. */
export type Word = { is: 'wrapUp'; refusal: Refusal } | { is: 'warned'; notice: BudgetNotice }

/** One call's record: who ended it and what it took (C1). Times in ms, money in micro-dollars; null is unknown. */
export interface CallRecord {
  model: string
  outcome: Outcome
  waitedMs: number
  liveMs: number
  tokens: number
  /** Of which `timeMicroUsd` for its time, where its provider bills that. */
  microUsd: number
  timeMicroUsd: number
  replies: number
  tokensPerMinute: number | null
  /** What of its input was cached, 0 to 1. */
  cachedShare: number | null
  /** What was held for its replies, and what the same replies took in the end: equal where each hold was right (L4). */
  heldTokens: number
  settledTokens: number
  firstReplyTokens: number | null
  /** Of a lost call: for how long it had told nothing when it was lost. What it used in this time is not known. */
  silentMs: number | null
  firstAudioMs: number | null
  peakContextTokens: number
  /** Tokens that were reported in its first minute (P3). */
  firstMinuteTokens: number | null
  /** From the offer to the dial: what the broker itself took. */
  overheadMs: number
  connectMs: number | null
}

/** What one call's tenant may say: the shipped lines, its own uploads. Rejects where there is no such sound. */
export interface Sounds {
  load(source: SoundSource, format: Format): Promise<Recording>
}

/** The async face of one tenant's desk: gate, ledger and records. Every step is idempotent by call id. */
export interface Desks {
  admit(offer: Offer): Promise<Admission>
  /** `load`: the tokens a minute that it is predicted to take; null while it is too young to tell (P4). */
  renew(ref: CallRef, load: number | null, progress: Progress): Promise<Renewal>
  /** Gives a place in the queue up; the call goes on, to say goodbye. */
  leave(ref: CallRef): Promise<void>
  debit(ref: CallRef, entries: readonly Entry[], progress: Progress): Promise<Renewal>
  /** Frees the lines, takes in the last entries and writes the record, in one step. */
  end(ref: CallRef, entries: readonly Entry[], record: CallRecord): Promise<void>
}

/** What a quota is counted in: tokens a minute, live sessions. */
export type Unit = 'tokens' | 'sessions'

/** What a desk tells a pool of itself. */
export interface PoolAsk {
  /** Above those of the asks before it: the pool takes no older one. */
  number: number
  plan: PlanName
  needs: Needs
  /** It has calls, or had one since its last ask without any. */
  busy: boolean
  /** A newcomer's load. */
  block: number
  /** Tokens that the desk has ever debited for this pool. */
  debited: number
  /** The pool's life that the desk has heard of; null for none. */
  epoch: number | null
}

/**
 * What a desk may use, for so long from when it asked last: each has a clock of its own, and counts by that. `epoch` names the pool's life:
 * another one means that its store was lost.
 */
export type PoolGrant = { epoch: number; ttlMs: number } & Record<Unit, Grant>

/** The async face of the upstream quotas. */
export interface Pools {
  share(pool: string, ask: PoolAsk): Promise<PoolGrant>
}

/** What one call needs of its host. */
export interface Brings {
  clock: Clock
  desks: Desks
  upstream: Upstream
  sounds: Sounds
  prices: PriceTable
  /** Runs what a promise has brought: a bug in it ends this call, and nobody else hears of it (guard.ts). */
  readonly guard: (work: () => void) => void
  /** A fault that no caller is told of: logged and counted by the host. */
  fault(error: unknown, call: string): void
  /** The call is over and its desk knows: the host may forget it. */
  settled(call: string): void
  /** A call that waits wants its next tick at `at` (ms since 1970), whatever it said before; `place`: while it has one. */
  waits(at: number | undefined, place: KeptPlace | undefined): void
}

/** A place in the queue, for a host that lets go of the call while nobody says anything (H7). */
export interface KeptPlace {
  /** From when the caller may be told of a better one (ms since 1970). */
  newsAt: number
  parked(): Parked
}

/** A waiting call as plain data. */
export interface Parked {
  offer: Offer
  target: Target
  terms: CallTerms
  moments: Moments
  wait: ParkedWait
}

export interface ParkedWait {
  hold: Hold
  items: readonly OwnItem[]
  /** Frames for the provider that it has not got yet. */
  wishes: readonly string[]
  /** The number of the next id of ours. */
  nextId: number
}
