// A tenant's webhook endpoint as it is kept, and what follows from that: pure, so that every home of a desk can decide on it. Knows no store
// and no clock. Rule A5.
import type { Outcome } from './courier.ts'
import type { HookSettings } from './hook-settings.ts'

/** As it is kept. It has its secrets: it is shown by hook-edits.ts alone (K4). */
export interface Hook extends HookSettings {
  id: string
  /** ISO 8601, UTC. */
  created_at: string
  /** When it was switched on last (ms since 1970): that it was gone before is forgotten. */
  on_at: number
  /** `whsec_…` */
  secret: string
  /** The secret before it, and until when it signs, too (ms since 1970). */
  old: { secret: string; until: number } | null
}

/** Its home says when it was switched on. */
export type NewHook = Omit<Hook, 'on_at'>

/** What its latest attempts came to; kept beside it, so that an attempt and an edit never write over each other. */
export interface HookState extends Outcome {
  /** Ms since 1970. */
  at: number
  /** When it said 410 last. */
  gone_at: number | null
}

export interface KeptHook {
  hook: Hook
  state: HookState | undefined
}

export function isOn({ hook, state }: KeptHook): boolean {
  return hook.enabled && !isGone(hook, state)
}

export function wants(kept: KeptHook, type: string): boolean {
  const { events } = kept.hook
  return isOn(kept) && (events === null || events.some((one) => one === type))
}

/** Those that sign now, the present one first. */
export function secretsOf({ secret, old }: Hook, now: number): string[] {
  return old !== null && old.until > now ? [secret, old.secret] : [secret]
}

/** 410 Gone: the receiver wants no more of it (Standard Webhooks). */
export function stateAfter({ status, error }: Outcome, before: HookState | undefined, now: number): HookState {
  return { at: now, status, error, gone_at: status === 410 ? now : (before?.gone_at ?? null) }
}

/** It said 410 since it was switched on. */
export function isGone({ on_at }: Hook, state: HookState | undefined): boolean {
  return state !== undefined && state.gone_at !== null && state.gone_at > on_at
}
