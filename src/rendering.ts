// How one refusal looks on every wire. Knows no refusal.
import type { Line } from './lines.ts'

export interface Rendering {
  /** Status when it is said before the upgrade, or on a plain request. */
  http: number
  /** Close code when it ends a call; undefined where the call goes on (the provider does the same with a bad event). */
  close?: number
  /** As OpenAI names kinds of errors, so that stock clients sort ours like theirs. */
  type: 'authentication_error' | 'invalid_request_error' | 'not_found_error' | 'rate_limit_error' | 'server_error'
  code: string
  /** What programs may know it as, beside its code: the type of its HTTP problem. */
  kind?: 'quota-exceeded' | 'temporary-reduced-capacity' | 'abnormal-usage-detected'
  /** The bound that it goes beyond, where it is always the same one: its name in `RateLimit` headers. */
  policy?: string
  /** A retry is no use (undefined), or is after this many milliseconds. */
  retryAfterMs?: number
  /** How long a reply may go on, until it is heard, when this ends the call; wrapTimeoutMs where it is not said. */
  graceMs?: number
  /** What a live call hears of us before it is told (C9); where it is not said it is told at once. */
  line?: Line
  title: string
  /** What was wrong and what would be right; {names} are filled from the details. */
  says: string
}
