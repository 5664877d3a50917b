// What a waiting caller is told of its place, as events, and how long a wait is. Knows no queue. Rules H1, H3.
import type { BudgetNotice } from './budget-notice.ts'
import { etaSamples, etaSamplesPerLine, etaShortMs, etaShortStepMs, etaStepMs } from './limits.ts'

/** `position` counts from 1; `eta_ms` null is unknown. Neither rises in the course of a wait. */
export type QueueNotice =
  | { type: 'trunkline.queue.joined'; position: number; eta_ms: number | null; patience_ms: number }
  | { type: 'trunkline.queue.updated'; position: number; eta_ms: number | null; waited_ms: number } // the place improved
  | { type: 'trunkline.queue.waiting'; position: number; eta_ms: number | null; waited_ms: number } // keep-alive
  | { type: 'trunkline.queue.admitted'; waited_ms: number } // the provider's `session.created` comes next

export function noticeFrame({ type, ...members }: QueueNotice | BudgetNotice, eventId: string): string {
  return JSON.stringify({ type, event_id: eventId, ...members })
}

/** The mean wait at a place (from 1): as many mean calls as stand before its end, shared by the lines, rounded up. Null while too few are known (H3). */
export function etaMs(place: number, lines: number, meanCallMs: number, samples: number): number | null {
  if (lines < 1 || samples < Math.max(etaSamples, etaSamplesPerLine * lines)) return null
  const ms = (place * meanCallMs) / lines
  const step = ms <= etaShortMs ? etaShortStepMs : etaStepMs
  return Number.isFinite(ms) ? Math.max(step, Math.ceil(ms / step) * step) : null
}
