// What a waiting caller is told of its place, as events, and how long a wait is. Knows no queue. Rules H1, H3.
import { etaSamples, etaStepMs } from './limits.ts'

/** `position` counts from 1; `eta_ms` null is unknown. Neither rises in the course of a wait. */
export type QueueNotice =
  | { type: 'trunkline.queue.joined'; position: number; eta_ms: number | null; patience_ms: number }
  | { type: 'trunkline.queue.updated'; position: number; eta_ms: number | null; waited_ms: number } // the place improved
  | { type: 'trunkline.queue.waiting'; position: number; eta_ms: number | null; waited_ms: number } // keep-alive
  | { type: 'trunkline.queue.admitted'; waited_ms: number } // the provider's `session.created` comes next

export function noticeFrame({ type, ...members }: QueueNotice, eventId: string): string {
  return JSON.stringify({ type, event_id: eventId, ...members })
}

/** The wait at a place: as many mean calls as stand before its end, shared by the lines, rounded up. Null under 10 calls (H3). */
export function etaMs(place: number, lines: number, meanCallMs: number, samples: number): number | null {
  if (samples < etaSamples || lines < 1) return null
  const ms = (place * meanCallMs) / lines
  return Number.isFinite(ms) ? Math.max(etaStepMs, Math.ceil(ms / etaStepMs) * etaStepMs) : null
}
