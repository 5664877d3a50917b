// Everything the broker refuses, and how each is said: HTTP, error event, WebSocket close. Knows no host.
import type { BudgetState } from './budget.ts'
import { closeReasonBytes } from './limits.ts'
import { policyOf } from './policy.ts'
import { budgetRefusals } from './refusals-of-budgets.ts'
import { callRefusals } from './refusals-of-calls.ts'
import { requestRefusals } from './refusals-of-requests.ts'
import type { Rendering } from './rendering.ts'

/** The one table. A row is added here, and nowhere else. */
const refusals = { ...requestRefusals, ...callRefusals, ...budgetRefusals }

export type Why = keyof typeof refusals

export type Details = Readonly<Record<string, string | number>>

export interface Refusal {
  why: Why
  details?: Details
  /** Where it is known when a retry is of use: in the place of what the table says. */
  retryAfterMs?: number
  /** The budget that it is about. */
  budget?: BudgetState
}

/** RFC 9457 members plus OpenAI's `error`: one body for both worlds (A1). */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  /** By their names in `RateLimit` headers. */
  'violated-policies'?: string[]
  error: { message: string; type: string; code: string; param: string | null }
}

export interface ErrorEvent {
  type: 'error'
  event_id: string
  error: { type: string; code: string; message: string; param: string | null; event_id: string | null }
}

/** Every refusal there is, for the docs and the tests that walk the table. */
export const whys: readonly Why[] = Object.keys(refusals) as Why[]

export function rendering(why: Why): Rendering {
  return refusals[why]
}

/** Kinds of problems that programs may know (draft-ietf-httpapi-ratelimit-headers-10, 4). */
const registered = 'https://iana.org/assignments/http-problem-types'

/** How long to wait before a retry is of use (ms); undefined where it is of none. */
export function retryAfter({ why, retryAfterMs }: Refusal): number | undefined {
  return retryAfterMs ?? rendering(why).retryAfterMs
}

/** The HTTP body of a refusal. `instance` names the request or call that it is about. */
export function problem({ why, details, budget }: Refusal, instance: string): Problem {
  const row = rendering(why)
  const [message, code] = [fill(row.says, details), fill(row.code, details)]
  const error = { message, type: row.type, code, param: param(details) }
  const policy = budget === undefined ? row.policy : policyOf(budget)
  return {
    type: row.kind === undefined ? `urn:trunkline:problem:${code}` : `${registered}#${row.kind}`,
    title: row.title,
    status: row.http,
    detail: message,
    instance,
    ...(policy !== undefined && { 'violated-policies': [policy] }),
    error,
  }
}

/** The Realtime `error` event of a refusal. `causedBy` is the caller's own `event_id`, where it sent one. */
export function errorEvent({ why, details }: Refusal, eventId: string, causedBy?: string): ErrorEvent {
  const row = rendering(why)
  const error = {
    type: row.type,
    code: fill(row.code, details),
    message: fill(row.says, details),
    param: param(details),
  }
  return { type: 'error', event_id: eventId, error: { ...error, event_id: causedBy ?? null } }
}

/** The close reason of a refusal: `<type>.<code>`, as the provider writes its own. */
export function closeReason({ why, details }: Refusal): string {
  const row = rendering(why)
  return `${row.type}.${fill(row.code, details)}`.slice(0, closeReasonBytes)
}

function param(details: Details | undefined): string | null {
  const at = details?.['param']
  return at === undefined ? null : String(at)
}

function fill(text: string, details: Details = {}): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole))
}
