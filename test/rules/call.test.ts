// Every state of a call × every event: one table, in which a new state or event does not compile until each cell is filled.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  offered,
  step,
  type Action,
  type Call,
  type CallEvent,
  type EventName,
  type Outcome,
  type State,
  type Step,
} from '../../src/call.ts'
import { cancelGraceMs, closeReasonBytes, speechTimeoutMs, wrapTimeoutMs } from '../../src/limits.ts'
import { closeReason, errorEvent, rendering, whys } from '../../src/refusal.ts'
import { seed } from '../contract/seed.ts'

/** Where the step leads and what it does, as `written` below writes it: replies that were broken off in brackets. */
type Expected = string

const refusal = { why: 'call_too_long', details: { minutes: 15 } } as const

const leaving: Outcome = { by: 'caller', why: 'hung_up', code: 1001, reason: 'bye', inReply: true }

const calls: Record<State, Call> = {
  offered,
  waiting: { ...offered, state: 'waiting' },
  connecting: { ...offered, state: 'connecting' },
  live: { ...offered, state: 'live' },
  wrapping: { ...offered, state: 'wrapping', replies: ['r1'], refusal },
  parting: { ...offered, state: 'parting', refusal },
  leaving: { ...offered, state: 'leaving', brokenOff: ['r1'], outcome: leaving },
  ended: { ...offered, state: 'ended' },
}

const events: { [E in EventName]: CallEvent & { is: E } } = {
  granted: { is: 'granted' },
  queued: { is: 'queued' },
  refused: { is: 'refused', refusal: { why: 'lines_full', details: { scope: 'tenant', cap: 1 } } },
  opened: { is: 'opened' },
  unopened: { is: 'unopened', refusal: { why: 'upstream_refused', details: { status: 500 } } },
  hungUp: { is: 'hungUp', code: 1001, reason: 'bye' },
  dropped: { is: 'dropped', code: 1006, reason: '', explained: false },
  began: { is: 'began', reply: 'r2', outOfBand: true },
  finished: { is: 'finished', reply: 'r1' },
  cut: { is: 'cut', by: 'caller', refusal: { why: 'too_fast', details: { frames: 1, bytes: 1 } } },
  wrapUp: { is: 'wrapUp', refusal: { why: 'key_withdrawn' } },
  heard: { is: 'heard' },
  spoken: { is: 'spoken' },
  overdue: { is: 'overdue' },
}

const tells = {
  cut: 'tell(too_fast) close(1008 rate_limit_error.frames_too_fast)',
  withdrawn: 'tell(key_withdrawn) close(1008 authentication_error.revoked_api_key)',
  tooLong: 'tell(call_too_long) close(1000 invalid_request_error.maximum_duration late)',
}
const cut = `end(caller too_fast 1008) ${tells.cut}`
const left = 'end(caller hung_up 1001) close(1001 bye)'
const withdrawn = `end(broker key_withdrawn 1008) ${tells.withdrawn}`
const goodbye = `end(broker call_too_long 1000) arm(${speechTimeoutMs}) speak(goodbye)`
const grace = `arm(${cancelGraceMs})`

const table: Record<State, Record<EventName, Expected>> = {
  offered: {
    granted: 'connecting: dial',
    queued: 'waiting: wait',
    refused:
      'ended: end(broker lines_full 1013) tell(lines_full) close(1013 rate_limit_error.concurrent_calls_exceeded late)',
    opened: 'offered',
    unopened: 'offered',
    hungUp: `ended: ${left}`,
    dropped: 'offered',
    began: 'offered',
    finished: 'offered',
    cut: `ended: ${cut}`,
    wrapUp: 'offered',
    heard: 'offered',
    spoken: 'offered',
    overdue: 'offered',
  },
  waiting: {
    granted: 'connecting: dial',
    queued: 'waiting',
    refused:
      'ended: end(broker lines_full 1013) tell(lines_full) close(1013 rate_limit_error.concurrent_calls_exceeded late)',
    opened: 'waiting',
    unopened: 'waiting',
    hungUp: `ended: ${left}`,
    dropped: 'waiting',
    began: 'waiting',
    finished: 'waiting',
    cut: `ended: ${cut}`,
    wrapUp: `ended: ${withdrawn}`,
    heard: 'waiting',
    spoken: 'waiting',
    overdue: 'waiting',
  },
  connecting: {
    granted: 'connecting',
    queued: 'connecting',
    refused: 'connecting',
    opened: 'live: connect',
    unopened:
      'ended: abandon end(upstream upstream_refused 1013) tell(upstream_refused) close(1013 server_error.upstream_refused late)',
    hungUp: `ended: abandon ${left}`,
    dropped:
      'ended: abandon end(upstream upstream_closed 1006) tell(upstream_closed) close(1011 server_error.upstream_closed)',
    began: 'connecting',
    finished: 'connecting',
    cut: `ended: abandon ${cut}`,
    wrapUp: `ended: abandon ${withdrawn}`,
    heard: 'connecting',
    spoken: 'connecting',
    overdue: 'connecting',
  },
  live: {
    granted: 'live',
    queued: 'live',
    refused: 'live',
    opened: 'live',
    unopened: 'live',
    hungUp: `ended: closeUpstream ${left}`,
    dropped:
      'ended: closeUpstream end(upstream upstream_closed 1006) tell(upstream_closed) close(1011 server_error.upstream_closed)',
    began: 'live r2',
    finished: 'live',
    cut: `ended: closeUpstream ${cut}`,
    wrapUp: 'wrapping: wrap(key_withdrawn) arm(4000) hearOut',
    heard: 'live',
    spoken: 'live',
    overdue: 'live',
  },
  wrapping: {
    granted: 'wrapping r1',
    queued: 'wrapping r1',
    refused: 'wrapping r1',
    opened: 'wrapping r1',
    unopened: 'wrapping r1',
    hungUp: `leaving (r1): cancelReply(r1) close(1001 bye) ${grace}`,
    dropped:
      'ended: closeUpstream end(upstream upstream_closed 1006 in reply) tell(upstream_closed) close(1011 server_error.upstream_closed)',
    began: 'wrapping r1 (r2): cancelReply(r2)',
    finished: 'wrapping: hearOut',
    cut: `leaving (r1): cancelReply(r1) ${tells.cut} ${grace}`,
    wrapUp: 'wrapping r1: wrap(key_withdrawn) arm(4000)',
    heard: 'wrapping r1',
    spoken: 'wrapping r1',
    overdue: `leaving (r1): cancelReply(r1) ${grace}`,
  },
  parting: {
    granted: 'parting',
    queued: 'parting',
    refused: 'parting',
    opened: 'parting',
    unopened: 'parting',
    hungUp: 'ended: close(1001 bye) hush',
    dropped: 'parting',
    began: 'parting',
    finished: 'parting',
    cut: `ended: hush ${tells.cut}`,
    wrapUp: 'parting',
    heard: 'parting',
    spoken: `ended: ${tells.tooLong}`,
    overdue: `ended: hush ${tells.tooLong}`,
  },
  leaving: {
    granted: 'leaving (r1)',
    queued: 'leaving (r1)',
    refused: 'leaving (r1)',
    opened: 'leaving (r1)',
    unopened: 'leaving (r1)',
    hungUp: 'leaving (r1)',
    dropped: 'ended: closeUpstream end(caller hung_up 1001 in reply)',
    began: 'leaving (r1) (r2): cancelReply(r2)',
    finished: 'ended: closeUpstream end(caller hung_up 1001 in reply)',
    cut: 'leaving (r1)',
    wrapUp: 'leaving (r1)',
    heard: 'leaving (r1)',
    spoken: 'leaving (r1)',
    overdue: 'ended: closeUpstream end(caller hung_up 1001 in reply)',
  },
  ended: {
    granted: 'ended',
    queued: 'ended',
    refused: 'ended',
    opened: 'ended',
    unopened: 'ended',
    hungUp: 'ended',
    dropped: 'ended',
    began: 'ended',
    finished: 'ended',
    cut: 'ended',
    wrapUp: 'ended',
    heard: 'ended',
    spoken: 'ended',
    overdue: 'ended',
  },
}

describe.each(Object.entries(table) as [State, Record<EventName, Expected>][])('%s', (state, row) => {
  test.each(Object.entries(row) as [EventName, Expected][])('[C1] on %s: %s', (name, expected) => {
    expect(written(step(calls[state], events[name]))).toBe(expected)
  })
})

/** Live with two replies under way: what is otherwise than in the quiet. */
const talking: Call = { ...offered, state: 'live', replies: ['r1', 'r2'] }

test.each<[CallEvent, Expected]>([
  [events.hungUp, `leaving (r1) (r2): cancelReply(r1) cancelReply(r2) close(1001 bye) ${grace}`],
  [events.cut, `leaving (r1) (r2): cancelReply(r1) cancelReply(r2) ${tells.cut} ${grace}`],
  [
    events.dropped,
    'ended: closeUpstream end(upstream upstream_closed 1006 in reply) tell(upstream_closed) close(1011 server_error.upstream_closed)',
  ],
  [events.finished, 'live r2'],
  [{ is: 'finished', reply: 'stranger' }, 'live r1 r2'],
  [{ is: 'began', reply: 'r3', outOfBand: true }, 'live r1 r2 r3'],
  [{ is: 'began', reply: 'r3', outOfBand: false }, 'live r3 r1 r2'],
  [events.wrapUp, 'wrapping r1 (r2): wrap(key_withdrawn) cancelReply(r2) arm(4000)'],
  [{ is: 'wrapUp', refusal }, `wrapping r1 (r2): wrap(call_too_long) cancelReply(r2) arm(${wrapTimeoutMs})`],
  [
    { is: 'wrapUp', refusal, spared: ['r2', 'gone'] },
    `wrapping r2 (r1): wrap(call_too_long) cancelReply(r1) arm(${wrapTimeoutMs})`,
  ],
  [
    { is: 'wrapUp', refusal, spared: ['r2', 'r1'] },
    `wrapping r1 (r2): wrap(call_too_long) cancelReply(r2) arm(${wrapTimeoutMs})`,
  ],
  [
    { is: 'wrapUp', refusal, spared: [] },
    `wrapping (r1) (r2): wrap(call_too_long) cancelReply(r1) cancelReply(r2) arm(${wrapTimeoutMs})`,
  ],
])('[C6] in mid-reply on %j', (event, expected) => expect(written(step(talking, event))).toBe(expected))

/** The call after these events, and what the last of them does. */
function after(call: Call, ...happened: CallEvent[]): Expected {
  let last: Step = { call, actions: [] }
  for (const event of happened) last = step(last.call, event)
  return written(last)
}

const finished = (reply: string): CallEvent => ({ is: 'finished', reply })
const wrapUp: CallEvent = { is: 'wrapUp', refusal }
const withdrawal = events.wrapUp

test('[C9] wrapping waits for one running reply and for what the others have cost, and until it was heard; then the line is spoken, and the caller told why', () => {
  expect(after(talking, wrapUp, finished('r2'))).toBe('wrapping r1')
  expect(after(talking, wrapUp, finished('r2'), finished('r1'))).toBe('wrapping: hearOut')
  const heard = [wrapUp, finished('r2'), finished('r1'), events.heard]
  expect(after(talking, ...heard)).toBe(`parting: closeUpstream ${goodbye}`)
  expect(after(talking, ...heard, events.spoken)).toBe(`ended: ${tells.tooLong}`)
})

test('[C9] in the quiet it waits only until what was said before was heard', () => {
  expect(after(calls.live, wrapUp)).toBe(`wrapping: wrap(call_too_long) arm(${wrapTimeoutMs}) hearOut`)
  expect(after(calls.live, wrapUp, events.heard)).toBe(`parting: closeUpstream ${goodbye}`)
  expect(after(calls.live, wrapUp, events.overdue)).toBe(`parting: closeUpstream ${goodbye}`)
  expect(after(calls.live, wrapUp, finished('stranger'))).toBe('wrapping')
})

test('[K3] a reason without a line is told without one, after the reply', () => {
  expect(after(calls.live, withdrawal, events.heard)).toBe(`ended: closeUpstream ${withdrawn}`)
  expect(after(talking, withdrawal, events.overdue)).toBe(
    `leaving (r2) (r1): cancelReply(r1) ${tells.withdrawn} ${grace}`,
  )
})

test('[C9] a reply that begins while it wraps is cancelled, and waited for: its usage counts', () => {
  const begun = [wrapUp, { is: 'began', reply: 'r3', outOfBand: false }] as const
  expect(after(calls.live, ...begun)).toBe('wrapping (r3): cancelReply(r3)')
  expect(after(calls.live, ...begun, events.heard)).toBe('wrapping (r3)')
  expect(after(calls.live, ...begun, events.heard, finished('r3'))).toBe('wrapping: hearOut')
})

test('[C9] the more pressing reason counts, whichever came first', () => {
  expect(after(talking, withdrawal, wrapUp)).toBe('wrapping r1 (r2)')
  expect(after(talking, wrapUp, wrapUp)).toBe('wrapping r1 (r2)')
  const draining: CallEvent = { is: 'wrapUp', refusal: { why: 'process_draining' } }
  expect(after(talking, wrapUp, draining)).toBe('wrapping r1 (r2): wrap(process_draining) arm(10000)')
  expect(after(talking, wrapUp, { ...draining, spared: [] })).toBe(
    'wrapping (r2) (r1): wrap(process_draining) cancelReply(r1) arm(10000)',
  )
  expect(after(calls.live, wrapUp, draining, withdrawal, events.heard)).toBe(`ended: closeUpstream ${withdrawn}`)
})

test('[C9] a reply that takes too long is broken off, reports what it has cost, and the line is spoken after it', () => {
  const late = [wrapUp, events.overdue]
  expect(after(talking, ...late, finished('r2'))).toBe('leaving (r1)')
  const said = `closeUpstream end(broker call_too_long 1000 in reply) arm(${speechTimeoutMs}) speak(goodbye)`
  for (const last of [events.overdue, events.dropped])
    expect(after(talking, ...late, finished('r2'), last)).toBe(`parting: ${said}`)
  expect(after(talking, ...late, finished('r2'), finished('r1'))).toBe(`parting: ${said}`)
})

test('[C9] a caller that goes before the line, or breaks a bound then, hears none', () => {
  const late = [wrapUp, events.overdue]
  const ended = 'ended: closeUpstream end(broker call_too_long 1000 in reply)'
  expect(after(talking, ...late, events.hungUp)).toBe('leaving (r2) (r1): close(1001 bye)')
  expect(after(talking, ...late, events.cut)).toBe(`leaving (r2) (r1): ${tells.cut}`)
  for (const gone of [events.hungUp, events.cut]) {
    expect(after(talking, ...late, gone, events.hungUp)).toBe('leaving (r2) (r1)')
    expect(after(talking, ...late, gone, events.overdue)).toBe(ended)
  }
})

test('[C9] a provider that goes when it has said all takes nothing from the line; in mid-reply it ends the call', () => {
  expect(after(calls.live, wrapUp, events.dropped)).toBe('wrapping')
  expect(after(calls.live, wrapUp, events.dropped, events.heard)).toBe(`parting: closeUpstream ${goodbye}`)
  expect(after(talking, wrapUp, events.dropped)).toMatch(
    /^ended: closeUpstream end\(upstream upstream_closed 1006 in reply\)/,
  )
})

test('[H5] after a line the close is late, whatever the reason: its end is still being heard', () => {
  const draining: Call = { ...offered, state: 'parting', refusal: { why: 'process_draining' } }
  expect(after(draining, events.spoken)).toBe('ended: tell(process_draining) close(1013 server_error.draining late)')
})

test('[L1] a call that leaves in mid-reply waits for the usage of every reply, and ends as it was left', () => {
  const leaves = step(talking, events.cut).call
  const first = step(leaves, { is: 'finished', reply: 'r2' })
  expect(written(first)).toBe('leaving (r1)')
  expect(written(step(first.call, { is: 'finished', reply: 'stranger' }))).toBe('leaving (r1)')
  const last = step(first.call, { is: 'finished', reply: 'r1' })
  expect(last.actions.at(-1)).toEqual({
    do: 'end',
    outcome: { by: 'caller', why: 'too_fast', code: 1008, reason: 'rate_limit_error.frames_too_fast', inReply: true },
  })
})

test('[C1] a call that leaves for no known reason has nothing to record', () => {
  for (const call of [calls.leaving, { ...calls.leaving, refusal }]) {
    const { outcome: _, ...unknown } = call
    expect(written(step(unknown, events.overdue))).toBe('ended: closeUpstream')
  }
})

test('[C9] the details of the reason are told, not only its name', () => {
  const { actions } = step(calls.parting, events.spoken)
  expect(actions).toContainEqual({ do: 'tell', refusal })
})

test('[C1] a call that wraps or parts for no known reason still says something', () => {
  for (const state of ['wrapping', 'parting'] as const) {
    const { actions } = step({ ...offered, state }, events.overdue)
    expect(actions).toContainEqual({ do: 'tell', refusal: { why: 'bug' } })
  }
})

test.each<[string, CallEvent, Expected]>([
  ['a clean end tells nothing', dropped(1000, '', false), 'end(upstream finished 1000) close(1000)'],
  ['a clean end keeps its reason', dropped(1000, 'done', false), 'end(upstream finished 1000) close(1000 done)'],
  [
    'an explained end is not told twice',
    dropped(1011, 'oops', true),
    'end(upstream upstream_closed 1011) close(1011 oops)',
  ],
  [
    "the provider's own code and reason pass",
    dropped(4001, 'session_expired', false),
    'end(upstream upstream_closed 4001) tell(upstream_closed) close(4001 session_expired)',
  ],
  [
    'no reason gets ours',
    dropped(1011, '', true),
    'end(upstream upstream_closed 1011) close(1011 server_error.upstream_closed)',
  ],
  [
    'a code that cannot be sent is mapped',
    dropped(1005, '', true),
    'end(upstream upstream_closed 1005) close(1000 server_error.upstream_closed)',
  ],
  [
    'TLS failures too',
    dropped(1015, '', true),
    'end(upstream upstream_closed 1015) close(1011 server_error.upstream_closed)',
  ],
])('[C7] the provider went: %s', (_title, event, expected) => {
  expect(written(step(calls.live, event))).toBe(`ended: closeUpstream ${expected}`)
})

test('[C7] what the provider said stands in the outcome as it came', () => {
  const { actions } = step(talking, dropped(1015, 'x'.repeat(200), false))
  expect(actions.find((action) => action.do === 'end')?.outcome).toEqual({
    by: 'upstream',
    why: 'upstream_closed',
    code: 1015,
    reason: 'x'.repeat(200),
    inReply: true,
  })
})

test('[C7] a caller is told which code the provider closed with', () => {
  const { actions } = step(calls.live, dropped(1006, '', false))
  expect(actions).toContainEqual({ do: 'tell', refusal: { why: 'upstream_closed', details: { code: 1006 } } })
})

test.each([1005, 1006, 1015, 999, 5000])(
  "[C6] a caller's close with %d is answered with one that can be sent",
  (code) => {
    const { actions } = step(calls.live, { is: 'hungUp', code, reason: 'é'.repeat(100) })
    const close = actions.find((action) => action.do === 'closeCaller')
    expect(close?.code).toBe(code === 1005 ? 1000 : 1011)
    expect(new TextEncoder().encode(close?.reason).length).toBeLessThanOrEqual(closeReasonBytes)
    expect(actions.find((action) => action.do === 'end')?.outcome).toMatchObject({ code, reason: 'é'.repeat(100) })
  },
)

test.each(whys)('[H5] a call that is refused for %s is closed late when it may come back, else at once', (why) => {
  const { close, retryAfterMs } = rendering(why)
  const { actions } = step(offered, { is: 'refused', refusal: { why } })
  expect(actions.at(-1)).toEqual({
    do: 'closeCaller',
    code: close ?? 1011,
    reason: closeReason({ why }),
    late: retryAfterMs !== undefined,
  })
})

test('[H5] one that may come back when its budget begins anew is closed late, too', () => {
  const refusal = { why: 'budget_exhausted', retryAfterMs: 60_000 } as const
  const { actions } = step(offered, { is: 'refused', refusal })
  expect(actions.at(-1)).toMatchObject({ do: 'closeCaller', code: 1008, late: true })
})

test('[C1] whatever happens in whatever order, a call ends once, and is told before it is closed', () => {
  const event = fc.constantFrom<CallEvent>(
    ...Object.values(events),
    { is: 'began', reply: 'r1', outOfBand: false },
    { is: 'finished', reply: 'r2' },
    wrapUp,
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (sequence) => {
      let call = offered
      const actions: Action[] = []
      for (const event of sequence) {
        const next = step(call, event)
        call = next.call
        actions.push(...next.actions)
      }
      const count = (name: Action['do']) => actions.filter((action) => action.do === name).length
      const over = call.state === 'ended' || call.state === 'parting' ? 1 : 0
      const hears = call.state === 'parting' || call.refusal !== undefined
      const closing = (call.state === 'leaving' || call.state === 'ended') && !hears ? 1 : 0
      expect([count('end'), count('closeCaller')]).toEqual([over, closing])
      expect(count('dial')).toBeLessThanOrEqual(1)
      expect(count('connect')).toBeLessThanOrEqual(count('dial'))
      // A dial is given up, or what it brought is closed: never neither, never both (C6).
      if (over === 1) expect(count('abandon') + count('closeUpstream')).toBe(count('dial'))
      const names = actions.map((action) => action.do)
      expect(names.indexOf('tell')).toBeLessThanOrEqual(closing * names.indexOf('closeCaller'))
    }),
    { seed, numRuns: 2_000 },
  )
})

test('[C7] what a call is told is an error event with its own code', () => {
  const { actions } = step(offered, events.refused)
  const told = actions.find((action) => action.do === 'tell')
  expect(told && errorEvent(told.refusal, 'event_1').error.message).toContain('All 1 lines of this tenant')
})

function dropped(code: number, reason: string, explained: boolean): CallEvent {
  return { is: 'dropped', code, reason, explained }
}

function written({ call, actions }: Step): string {
  const state = [call.state, ...call.replies, ...call.brokenOff.map((id) => `(${id})`)].join(' ')
  return actions.length === 0 ? state : `${state}: ${actions.map(writtenAction).join(' ')}`
}

function writtenAction(action: Action): string {
  switch (action.do) {
    case 'tell':
      return `tell(${action.refusal.why})`
    case 'end': {
      const { by, why, code, inReply } = action.outcome
      return `end(${by} ${why} ${code}${inReply ? ' in reply' : ''})`
    }
    case 'closeCaller':
      return `close(${[action.code, action.reason, action.late ? 'late' : ''].filter((part) => part !== '').join(' ')})`
    case 'arm':
      return `arm(${action.forMs})`
    case 'wrap':
      return `wrap(${action.refusal.why})`
    case 'speak':
      return `speak(${action.line})`
    case 'cancelReply':
      return `cancelReply(${action.reply})`
    default:
      return action.do
  }
}
