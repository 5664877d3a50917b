// All that the page knows of one call: a pure fold over what was sent, received and closed. Opens no socket, draws nothing.
import { emptyLog, logOf, type EventLog } from './event-log.ts'
import { noTokens, tallyOf, type Tally } from './tally.ts'
import { transcriptOf, type Transcript } from './transcript.ts'
import { pickNumber, pickText, type WireEvent } from './wire-event.ts'

export type Phase = 'dialling' | 'waiting' | 'live' | 'refused' | 'ended'

export interface Fault {
  readonly message: string
  readonly code: string | undefined
}

export interface CallRecord {
  readonly phase: Phase
  readonly placedAt: number
  readonly liveAt: number | undefined
  readonly endedAt: number | undefined
  /** How long it was in the queue, once it is out of it. */
  readonly waitedMs: number | undefined
  readonly place: { readonly position: number | undefined; readonly etaMs: number | undefined } | undefined
  /** The last error event. Most are harmless in a live call; before it is live, one means a refusal. */
  readonly fault: Fault | undefined
  readonly hungUp: boolean
  readonly close: { readonly code: number; readonly reason: string } | undefined
  /** Events of the broker's own, `trunkline.*`, but for those of the queue: they become `place`. */
  readonly notices: readonly WireEvent[]
  /** From the end of the caller's turn to the first audio of the answer, last turn. */
  readonly latencyMs: number | undefined
  readonly turnEndedAt: number | undefined
  readonly tally: Tally
  readonly transcript: Transcript
  readonly log: EventLog
}

export type Happening =
  | { readonly kind: 'sent' | 'received'; readonly event: WireEvent; readonly at: number }
  | { readonly kind: 'hung-up'; readonly at: number }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string; readonly at: number }

/** Notices shown beside the call; the log has all of them. */
const mostNotices = 4

export function newRecord(placedAt: number): CallRecord {
  return {
    phase: 'dialling',
    placedAt,
    liveAt: undefined,
    endedAt: undefined,
    waitedMs: undefined,
    place: undefined,
    fault: undefined,
    hungUp: false,
    close: undefined,
    notices: [],
    latencyMs: undefined,
    turnEndedAt: undefined,
    tally: noTokens,
    transcript: [],
    log: emptyLog,
  }
}

export function advance(before: CallRecord, happening: Happening): CallRecord {
  const { at } = happening
  switch (happening.kind) {
    case 'hung-up':
      return { ...before, hungUp: true, phase: 'ended', endedAt: before.endedAt ?? at }
    case 'closed': {
      const phase = before.hungUp || before.liveAt !== undefined ? 'ended' : 'refused'
      const { code, reason } = happening
      return { ...before, phase, close: { code, reason }, endedAt: before.endedAt ?? at }
    }
    case 'sent':
      return withSent(withBooks(before, happening.event, 'out', at), happening.event, at)
    default:
      return withReceived(withBooks(before, happening.event, 'in', at), happening.event, at)
  }
}

function withBooks(before: CallRecord, event: WireEvent, direction: 'in' | 'out', at: number): CallRecord {
  const log = logOf(before.log, direction, event, at)
  return { ...before, log, transcript: transcriptOf(before.transcript, event) }
}

function withSent(record: CallRecord, event: WireEvent, at: number): CallRecord {
  // A typed turn ends when its answer is asked for; a tool's answer belongs to the turn that is already running.
  if (event.type !== 'response.create' || record.turnEndedAt !== undefined) return record
  return { ...record, turnEndedAt: at }
}

function withReceived(record: CallRecord, event: WireEvent, at: number): CallRecord {
  switch (event.type) {
    case 'session.created':
      if (record.hungUp) return record
      return { ...record, phase: 'live', liveAt: record.liveAt ?? at, place: undefined, fault: undefined }
    case 'error':
      return withFault(record, event)
    case 'input_audio_buffer.speech_stopped':
      return { ...record, turnEndedAt: at }
    case 'response.output_audio.delta':
      if (record.turnEndedAt === undefined) return record
      return { ...record, latencyMs: at - record.turnEndedAt, turnEndedAt: undefined }
    case 'response.done':
      return { ...record, tally: tallyOf(record.tally, event) }
    default:
      return event.type.startsWith('trunkline.') ? withNotice(record, event) : record
  }
}

function withFault(record: CallRecord, event: WireEvent): CallRecord {
  const message = pickText(event, 'error', 'message') ?? 'The server reported an error without a message.'
  const code = pickText(event, 'error', 'code') ?? pickText(event, 'error', 'type')
  const refused = record.liveAt === undefined && !record.hungUp
  return { ...record, fault: { message, code }, phase: refused ? 'refused' : record.phase }
}

/** Events that say where in the queue the caller stands. */
const queueEvents = new Set(['trunkline.queue.joined', 'trunkline.queue.updated', 'trunkline.queue.waiting'])

function withNotice(record: CallRecord, event: WireEvent): CallRecord {
  if (event.type === 'trunkline.queue.admitted') return { ...record, waitedMs: pickNumber(event, 'waited_ms') }
  const queued = queueEvents.has(event.type)
  if (!queued) return { ...record, notices: [...record.notices, event].slice(-mostNotices) }
  if (record.liveAt !== undefined || record.hungUp) return record
  const place = { position: pickNumber(event, 'position'), etaMs: pickNumber(event, 'eta_ms') }
  return { ...record, place, phase: 'waiting' }
}
