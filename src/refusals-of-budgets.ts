// What is refused of a call because its tenant may not use more, for now or for good. Knows no host.
import type { Rendering } from './rendering.ts'

export const budgetRefusals = {
  // Spent: closed with a code that makes no stock client come back by itself. Held: with one that makes it try again.
  budget_exhausted: {
    http: 429,
    close: 1008,
    type: 'rate_limit_error',
    code: 'budget_exhausted',
    line: 'goodbye',
    kind: 'quota-exceeded',
    title: 'Budget spent',
    says: 'The budget of {amount} {what} for this {window} is spent. It begins anew at {ends}: try again then, or ask your admin for more.',
  },
  call_budget_exhausted: {
    http: 429,
    close: 1008,
    type: 'rate_limit_error',
    code: 'call_budget_exhausted',
    line: 'goodbye',
    kind: 'quota-exceeded',
    title: 'Budget of the call spent',
    says: 'This call has used the {amount} {what} that a call may use in this {window}. A new call may begin, or ask your admin for more.',
  },
  budget_held: {
    http: 429,
    close: 1013,
    type: 'rate_limit_error',
    code: 'budget_held',
    retryAfterMs: 5_000,
    kind: 'temporary-reduced-capacity',
    title: 'Rest of the budget is held',
    says: 'What is left of this {window}’s budget of {what} is held for calls that are under way. Try again when one has ended, or ask your admin for more.',
  },
  tenant_suspended: {
    http: 429,
    close: 1008,
    type: 'rate_limit_error',
    code: 'tenant_suspended',
    line: 'goodbye',
    kind: 'abnormal-usage-detected',
    title: 'Tenant suspended',
    says: 'The tenant is suspended since {since}, because it spent unusually fast. Ask the operator to lift it.',
  },
  trial_ended: {
    http: 403,
    close: 1008,
    type: 'invalid_request_error',
    code: 'trial_ended',
    line: 'goodbye',
    title: 'Trial is over',
    says: 'The trial of {days} days is over. Ask the operator for a plan.',
  },
} as const satisfies Record<string, Rendering>
