// call.ts: one call's life as a pure machine: (call, event) → call + actions. Knows no socket, no clock and no store. Rules C1, C6, C7, C9.
import { cancelGraceMs, speechTimeoutMs, wrapTimeoutMs } from './limits.ts'
import type { Line } from './lines.ts'
import { sendableCode, sendableReason } from './realtime/close-code.ts'
import { redacted } from './realtime/notice.ts'
import { closeReason, rendering, retryAfter, type Refusal, type Why } from './refusal.ts'

export type State = 'offered' | 'waiting' | 'connecting' | 'live' | 'wrapping' | 'parting' | 'leaving' | 'ended'

export interface Call {
  state: State
  /** Replies that the provider is giving now, by response id: the conversation's own first, of the others the oldest. */
  replies: readonly string[]
  /** Those that it was told to break off: they still owe their usage (L1). */
  brokenOff: readonly string[]
  /** Why it comes to its end, until the caller is told. */
  refusal?: Refusal
  /** How it ended, while a reply that was broken off is waited for. */
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
  | { is: 'began'; reply: string; outOfBand: boolean }
  | { is: 'finished'; reply: string }
  | { is: 'cut'; by: Party; refusal: Refusal } // a bound was broken, or something failed: over at once
  /** Over when the caller has heard the running reply: of several the first, if it is said of those that are `spared`. */
  | { is: 'wrapUp'; refusal: Refusal; spared?: readonly string[] | undefined }
  | { is: 'heard' } // by the caller: all that the provider has said
  | { is: 'spoken' } // our last line was given, or there is no sound for it
  | { is: 'overdue' } // what was waited for took too long

export type EventName = CallEvent['is']
type Leave = Pick<CallEvent & { is: 'hungUp' }, 'code' | 'reason'>
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
  | { do: 'cancelReply'; reply: string }
  | { do: 'wrap'; refusal: Refusal } // nothing new is begun from now on
  | { do: 'hearOut' } // `heard` comes then
  | { do: 'closeUpstream' }
  | { do: 'speak'; line: Line } // `spoken` comes then
  | { do: 'hush' } // break the line off: no `spoken` comes
  | { do: 'tell'; refusal: Refusal }
  | { do: 'arm'; forMs: number } // `overdue` comes then
  | { do: 'end'; outcome: Outcome } // free the lines, write the record: before the caller is closed, who may be slow
  | { do: 'closeCaller'; code: number; reason: string; late: boolean }

export interface Step {
  call: Call
  actions: readonly Action[]
}

const quiet = { replies: [], brokenOff: [] }
export const offered: Call = { state: 'offered', ...quiet }
const ended: Call = { state: 'ended', ...quiet }

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
    began: (call, { reply, outOfBand }) =>
      stay({ ...call, replies: outOfBand ? [...call.replies, reply] : [reply, ...call.replies] }),
    finished: (call, event) => stay(without(call, event.reply)),
    hungUp: (call, event) => left(call, event),
    dropped: (call, event) => dropped(call, event),
    cut: (call, event) => over(call, event.by, event.refusal),
    wrapUp: (call, event) => wrap(call, event),
  },
  wrapping: {
    began: (call, { reply }) => breakOff(call, [reply]),
    finished: (call, event) => {
      const rest = without(call, event.reply)
      return { call: rest, actions: isOwed(call) && !isOwed(rest) ? [{ do: 'hearOut' }] : [] }
    },
    heard: (call) => (isOwed(call) ? stay(call) : part(call)),
    hungUp: (call, event) => left(call, event),
    dropped: (call, event) => (isOwed(call) ? dropped(call, event) : stay(call)), // it has said all that it had to
    cut: (call, event) => over(call, event.by, event.refusal),
    wrapUp: (call, event) => (graceMs(event.refusal) < graceMs(reasonOf(call)) ? wrap(call, event) : stay(call)),
    overdue: (call) => part(call),
  },
  parting: {
    spoken: (call) => farewell(reasonOf(call), true),
    hungUp: (_, event) => ({ call: ended, actions: [answer(event), { do: 'hush' }] }),
    cut: (_, event) => farewell(event.refusal, false, { do: 'hush' }),
    overdue: (call) => farewell(reasonOf(call), true, { do: 'hush' }),
  },
  leaving: {
    began: (call, { reply }) => breakOff(call, [reply]),
    finished: (call, event) => {
      const rest = without(call, event.reply)
      return isOwed(rest) ? stay(rest) : gone(call)
    },
    hungUp: (call, event) => (call.refusal === undefined ? stay(call) : forsaken(call, answer(event))),
    dropped: (call) => gone(call),
    cut: (call, event) => (call.refusal === undefined ? stay(call) : forsaken(call, ...told(event.refusal))),
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
  return { call: { state, ...quiet }, actions }
}

/** The caller went: nobody is left to be told (C6). */
function left(call: Call, event: Leave): Step {
  const outcome: Outcome = {
    by: 'caller',
    why: 'hung_up',
    code: event.code,
    reason: event.reason,
    inReply: isOwed(call),
  }
  return end(call, outcome, answer(event))
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
    inReply: isOwed(call),
  }
  const tell: Action[] = clean || event.explained ? [] : [{ do: 'tell', refusal }]
  return end({ ...call, ...quiet }, outcome, ...tell, { do: 'closeCaller', code, reason, late: false })
}

function over(call: Call, by: Party, refusal: Refusal): Step {
  return end(call, outcomeOf(call, by, refusal), ...told(refusal))
}

/** The lines are freed before the caller is closed, who may be slow. */
function end(call: Call, outcome: Outcome, ...last: Action[]): Step {
  if (!isOwed(call)) return { call: ended, actions: [...hangUp(call), { do: 'end', outcome }, ...last] }
  const { refusal: _, ...rest } = call
  return leave(rest, outcome, ...last)
}

/** A provider in mid-reply is told to stop, and gets a moment to report what that reply has cost; what it has not said by then need not be paid. */
function leave(call: Call, outcome: Outcome, ...last: Action[]): Step {
  const rest = breakOff({ ...call, state: 'leaving', replies: [], outcome }, call.replies)
  return { call: rest.call, actions: [...rest.actions, ...last, { do: 'arm', forMs: cancelGraceMs }] }
}

/** Each by its id: a cancel that names none is for the conversation's own reply alone, and not for one out of band. */
function breakOff(call: Call, replies: readonly string[]): Step {
  return {
    call: { ...call, brokenOff: [...call.brokenOff, ...replies] },
    actions: replies.map((reply) => ({ do: 'cancelReply', reply })),
  }
}

/** One running reply is waited for, as long as the reason lets it; the others are broken off, or a call could go over its budget by many. */
function wrap(call: Call, { refusal, spared = call.replies }: CallEvent & { is: 'wrapUp' }): Step {
  const kept = call.replies.filter((reply) => spared.includes(reply)).slice(0, 1)
  const others = call.replies.filter((reply) => !kept.includes(reply))
  const rest = breakOff({ ...call, state: 'wrapping', refusal, replies: kept }, others)
  const actions: Action[] = [{ do: 'wrap', refusal }, ...rest.actions, { do: 'arm', forMs: graceMs(refusal) }]
  return { call: rest.call, actions: isOwed(call) ? actions : [...actions, { do: 'hearOut' }] }
}

/** The reply was heard, or took too long: the caller hears our line, where the reason has one, before it is told. */
function part(call: Call): Step {
  const refusal = reasonOf(call)
  const { line } = rendering(refusal.why)
  if (line === undefined) return over(call, 'broker', refusal)
  const outcome = outcomeOf(call, 'broker', refusal)
  return isOwed(call) ? leave({ ...call, refusal }, outcome) : speak(line, refusal, outcome)
}

/** The call is over but for our line, which takes nobody's place: its lines are free, its provider is let go. */
function speak(line: Line, refusal: Refusal, outcome: Outcome): Step {
  const call: Call = { state: 'parting', ...quiet, refusal }
  const over: Action[] = [{ do: 'closeUpstream' }, { do: 'end', outcome }]
  return { call, actions: [...over, { do: 'arm', forMs: speechTimeoutMs }, { do: 'speak', line }] }
}

function farewell(refusal: Refusal, late: boolean, ...first: Action[]): Step {
  return { call: ended, actions: [...first, ...told(refusal, late)] }
}

/** The caller is told why and closed: later, when it may come back, since some clients come back without a pause (H5), or still hears our line. */
function told(refusal: Refusal, late = false): Action[] {
  const [code, reason] = [rendering(refusal.why).close ?? 1011, closeReason(refusal)]
  return [
    { do: 'tell', refusal },
    { do: 'closeCaller', code, reason, late: late || retryAfter(refusal) !== undefined },
  ]
}

/** A caller's close is answered with its own code. */
function answer({ code, reason }: Leave): Action {
  return { do: 'closeCaller', code: sendableCode(code), reason: sendableReason(reason), late: false }
}

/** Nobody is left to hear our line; what the provider reports is still waited for. */
function forsaken(call: Call, ...actions: Action[]): Step {
  const { refusal: _, ...rest } = call
  return { call: rest, actions }
}

/** The broken-off reply has reported, or will not. */
function gone({ outcome, refusal }: Call): Step {
  const line = refusal && rendering(refusal.why).line
  if (outcome !== undefined && refusal !== undefined && line !== undefined) return speak(line, refusal, outcome)
  const end: Action[] = outcome === undefined ? [] : [{ do: 'end', outcome }]
  return { call: ended, actions: [{ do: 'closeUpstream' }, ...end] }
}

function hangUp({ state }: Call): Action[] {
  if (state === 'offered' || state === 'waiting') return []
  return [{ do: state === 'connecting' ? 'abandon' : 'closeUpstream' }]
}

function outcomeOf(call: Call, by: Party, refusal: Refusal): Outcome {
  const { close = 1011 } = rendering(refusal.why)
  return { by, why: refusal.why, code: close, reason: closeReason(refusal), inReply: isOwed(call) }
}

/** Whether the provider has usage to report of a reply. */
function isOwed({ replies, brokenOff }: Call): boolean {
  return replies.length + brokenOff.length > 0
}

function without(call: Call, reply: string): Call {
  const others = (ids: readonly string[]): string[] => ids.filter((id) => id !== reply)
  return { ...call, replies: others(call.replies), brokenOff: others(call.brokenOff) }
}

function reasonOf(call: Call): Refusal {
  return call.refusal ?? { why: 'bug' }
}

/** The more pressing a reason, the shorter. */
function graceMs({ why }: Refusal): number {
  return rendering(why).graceMs ?? wrapTimeoutMs
}
