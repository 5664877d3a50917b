// call.ts: one call's life as a pure machine: (call, event) → call + actions. Knows no socket, no clock and no store. Rules C1, C6, C7, C9.
import { cancelGraceMs, wrapTimeoutMs } from './limits.ts'
import { sendableCode, sendableReason } from './realtime/close-code.ts'
import { redacted } from './realtime/notice.ts'
import { closeReason, rendering, type Refusal, type Why } from './refusal.ts'

export type State = 'offered' | 'waiting' | 'connecting' | 'live' | 'wrapping' | 'leaving' | 'ended'

export interface Call {
  state: State
  /** Replies that the provider is giving now, by response id. */
  replies: readonly string[]
  /** Why it wraps, while it does. */
  wrapping?: Refusal
  /** How it ended, while a reply that was broken off still owes its usage (L1). */
  outcome?: Outcome
}

/** Everything that can happen to a call. */
export type CallEvent =
  | { is: 'granted' }
  | { is: 'queued' } // it has a place, or hears that there is none
  | { is: 'refused'; refusal: Refusal }
  | { is: 'opened' } // the provider's socket is open
  | { is: 'unopened'; refusal: Refusal } // it could not be opened
  | { is: 'hungUp'; code: number; reason: string } // by the caller
  | { is: 'dropped'; code: number; reason: string; explained: boolean } // by the provider; explained: it said an error first
  | { is: 'began'; reply: string }
  | { is: 'finished'; reply: string }
  | { is: 'cut'; by: Party; refusal: Refusal } // a bound was broken, or something failed: over at once
  | { is: 'wrapUp'; refusal: Refusal } // over when the running reply has been given
  | { is: 'overdue' } // what was waited for took too long

export type EventName = CallEvent['is']
export type Party = 'caller' | 'upstream' | 'broker'

/** Who ended the call, and what was said about it (C1). `why` is a refusal, or one of the two clean ends. */
export interface Outcome {
  by: Party
  why: Why | 'hung_up' | 'finished'
  code: number
  reason: string
  /** The provider was in the middle of a reply. */
  inReply: boolean
}

export type Action =
  | { do: 'wait' } // it hears and is told what src/hold.ts says
  | { do: 'dial' }
  | { do: 'abandon' } // give up the dial, or close what it still brings
  | { do: 'connect' } // pass on what the caller said early; relay from now on
  | { do: 'cancelReply' }
  | { do: 'closeUpstream' }
  | { do: 'tell'; refusal: Refusal }
  | { do: 'arm'; forMs: number } // `overdue` comes then
  | { do: 'end'; outcome: Outcome } // free the lines, write the record: before the caller is closed, who may be slow
  | { do: 'closeCaller'; code: number; reason: string; late: boolean }

export interface Step {
  call: Call
  actions: readonly Action[]
}

export const offered: Call = { state: 'offered', replies: [] }
const ended: Call = { state: 'ended', replies: [] }

type Handlers = { [E in CallEvent as E['is']]?: (call: Call, event: E) => Step }

/** A cell that is not here does nothing: the event came too early or too late. */
const machine: Record<State, Handlers> = {
  offered: {
    granted: () => go('connecting', { do: 'dial' }),
    queued: () => go('waiting', { do: 'wait' }),
    refused: (call, event) => over(call, 'broker', event.refusal),
    hungUp: (call, event) => left(call, event),
    cut: (call, event) => over(call, event.by, event.refusal),
  },
  waiting: {
    granted: () => go('connecting', { do: 'dial' }),
    refused: (call, event) => over(call, 'broker', event.refusal),
    hungUp: (call, event) => left(call, event),
    cut: (call, event) => over(call, event.by, event.refusal),
    wrapUp: (call, event) => over(call, 'broker', event.refusal),
  },
  connecting: {
    opened: () => go('live', { do: 'connect' }),
    unopened: (call, event) => over(call, 'upstream', event.refusal),
    hungUp: (call, event) => left(call, event),
    dropped: (call, event) => dropped(call, event), // a host may say so before it says that it opened
    cut: (call, event) => over(call, event.by, event.refusal),
    wrapUp: (call, event) => over(call, 'broker', event.refusal),
  },
  live: {
    began: (call, event) => stay({ ...call, replies: [...call.replies, event.reply] }),
    finished: (call, event) => stay(without(call, event.reply)),
    hungUp: (call, event) => left(call, event),
    dropped: (call, event) => dropped(call, event),
    cut: (call, event) => over(call, event.by, event.refusal),
    wrapUp: (call, event) => {
      if (call.replies.length === 0) return over(call, 'broker', event.refusal)
      return wrap(call, event.refusal)
    },
  },
  wrapping: {
    began: (call, event) => stay({ ...call, replies: [...call.replies, event.reply] }),
    finished: (call, event) => {
      const rest = without(call, event.reply)
      return rest.replies.length > 0 ? stay(rest) : over(rest, 'broker', reasonOf(call))
    },
    hungUp: (call, event) => left(call, event),
    dropped: (call, event) => dropped(call, event),
    cut: (call, event) => over(call, event.by, event.refusal),
    wrapUp: (call, event) => wrap(call, event.refusal), // the more pressing reason comes sooner
    overdue: (call) => over(call, 'broker', reasonOf(call)),
  },
  leaving: {
    finished: (call, event) => {
      const rest = without(call, event.reply)
      return rest.replies.length > 0 ? stay(rest) : gone(call)
    },
    dropped: (call) => gone(call),
    overdue: (call) => gone(call),
  },
  ended: {},
}

export function step(call: Call, event: CallEvent): Step {
  const handle = machine[call.state][event.is] as ((call: Call, event: CallEvent) => Step) | undefined
  return handle?.(call, event) ?? stay(call)
}

function stay(call: Call): Step {
  return { call, actions: [] }
}

function go(state: State, ...actions: Action[]): Step {
  return { call: { state, replies: [] }, actions }
}

/** The caller went: nobody is left to be told (C6). Its close is answered with its own code. */
function left(call: Call, event: { code: number; reason: string }): Step {
  const outcome: Outcome = {
    by: 'caller',
    why: 'hung_up',
    code: event.code,
    reason: event.reason,
    inReply: call.replies.length > 0,
  }
  const [code, reason] = [sendableCode(event.code), sendableReason(event.reason)]
  return end(call, outcome, { do: 'closeCaller', code, reason, late: false })
}

/** The provider went: its own error and close pass on; where it gave none, ours (C7). */
function dropped(call: Call, event: CallEvent & { is: 'dropped' }): Step {
  const clean = event.code === 1000
  const refusal: Refusal = { why: 'upstream_closed', details: { code: event.code } }
  const code = sendableCode(event.code)
  const reason = event.reason === '' && !clean ? closeReason(refusal) : sendableReason(redacted(event.reason))
  const why = clean ? 'finished' : 'upstream_closed'
  const outcome: Outcome = {
    by: 'upstream',
    why,
    code: event.code,
    reason: event.reason,
    inReply: call.replies.length > 0,
  }
  const told: Action[] = clean || event.explained ? [] : [{ do: 'tell', refusal }]
  return end({ ...call, replies: [] }, outcome, ...told, { do: 'closeCaller', code, reason, late: false })
}

/** The caller is told why and closed: later, when it may come back, since some clients come back without a pause (H5). */
function over(call: Call, by: Party, refusal: Refusal): Step {
  const { close, retryAfterMs } = rendering(refusal.why)
  const [code, reason] = [close ?? 1011, closeReason(refusal)]
  const outcome: Outcome = { by, why: refusal.why, code, reason, inReply: call.replies.length > 0 }
  const late = retryAfterMs !== undefined
  return end(call, outcome, { do: 'tell', refusal }, { do: 'closeCaller', code, reason, late })
}

/**
 * Ends the call: the lines are freed before the caller is closed, who may be slow. A provider in mid-reply is told to stop, and gets a
 * moment to report what that reply has cost; what it has not said by then need not be paid.
 */
function end(call: Call, outcome: Outcome, ...last: Action[]): Step {
  if (call.replies.length === 0) return { call: ended, actions: [...hangUp(call), { do: 'end', outcome }, ...last] }
  const actions: Action[] = [{ do: 'cancelReply' }, ...last, { do: 'arm', forMs: cancelGraceMs }]
  return { call: { state: 'leaving', replies: call.replies, outcome }, actions }
}

/** The running reply is waited for, as long as the reason lets it. */
function wrap(call: Call, refusal: Refusal): Step {
  const forMs = rendering(refusal.why).graceMs ?? wrapTimeoutMs
  return { call: { ...call, state: 'wrapping', wrapping: refusal }, actions: [{ do: 'arm', forMs }] }
}

/** The broken-off reply has reported, or will not. */
function gone({ outcome }: Call): Step {
  const end: Action[] = outcome === undefined ? [] : [{ do: 'end', outcome }]
  return { call: ended, actions: [{ do: 'closeUpstream' }, ...end] }
}

function hangUp({ state }: Call): Action[] {
  if (state === 'offered' || state === 'waiting') return []
  return [{ do: state === 'connecting' ? 'abandon' : 'closeUpstream' }]
}

function without(call: Call, reply: string): Call {
  return { ...call, replies: call.replies.filter((other) => other !== reply) }
}

function reasonOf(call: Call): Refusal {
  return call.wrapping ?? { why: 'bug' }
}
