// One waiting caller as a pure machine: what it is told and hears, and when. Knows no socket, no clock and no queue. Rules H1, H3, H5.
import { firstLineMs, queueAliveMs, queueUpdateMs, speechTimeoutMs } from './limits.ts'
import type { Line } from './lines.ts'
import type { QueueNotice } from './queue-notice.ts'
import type { Refusal } from './refusal.ts'

/** Plain data, so that a host can keep it while it sleeps. Times in ms since 1970. */
export interface Hold {
  state: 'waiting' | 'parting' | 'over'
  joinedAt: number
  /** When its patience is over. */
  until: number
  repeatMs: number | null
  /** As it is now. */
  place: number
  etaMs: number | null
  /** As the caller was last told; neither ever rises. */
  told: { place: number; etaMs: number | null }
  updatedAt: number
  sentAt: number
  /** The line that is spoken next, and when. */
  next: { line: Line; at: number } | null
  speaking: { line: Line; since: number } | null
  /** Why it is sent away, while it hears its last line. */
  refusal: Refusal | null
}

export type HoldEvent =
  /** `patienceMs`: its longest wait; `repeatMs`: how often it hears the first line again, null for once. */
  | { is: 'joined'; at: number; place: number; etaMs: number | null; patienceMs: number; repeatMs: number | null }
  | { is: 'full'; at: number; refusal: Refusal } // it could not join
  | { is: 'moved'; at: number; place: number; etaMs: number | null }
  | { is: 'tick'; at: number }
  | { is: 'spoken'; at: number } // the line was given to the end, broken off by the caller, or there is no sound for it
  | { is: 'served'; at: number }
  | { is: 'patienceOver'; at: number }
  | { is: 'turnedAway'; at: number; refusal: Refusal } // key revoked, drain …: no line, told at once
  | { is: 'hungUp'; at: number }

export type HoldAction =
  | { do: 'tell'; notice: QueueNotice }
  | { do: 'speak'; line: Line } // `spoken` comes when it has been given
  | { do: 'hush' } // break off the line under way: no `spoken` comes
  | { do: 'giveUp' } // its place in the queue, at the desk
  | { do: 'refuse'; refusal: Refusal } // error event, then the late close: call.ts does both

export interface HoldStep {
  hold: Hold
  actions: readonly HoldAction[]
}

/** When the caller wants to be ticked next; undefined when never. */
export function nextAt(hold: Hold): number | undefined {
  if (hold.state === 'over') return undefined
  const times = [hold.speaking === null ? hold.next?.at : hold.speaking.since + speechTimeoutMs]
  if (hold.state === 'waiting') {
    times.push(hold.until, hold.sentAt + queueAliveMs)
    if (hold.place < hold.told.place) times.push(newsAt(hold))
  }
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** From when it may be told of a better place. */
export function newsAt({ updatedAt }: Hold): number {
  return updatedAt + queueUpdateMs
}

/** The first event must be `joined` or `full`. */
export function hear(hold: Hold | undefined, event: HoldEvent): HoldStep {
  if (event.is === 'joined') return joined(event)
  if (event.is === 'full') return full(event)
  if (hold === undefined || hold.state === 'over') return { hold: hold ?? over(blank(event.at)), actions: [] }
  return hold.state === 'waiting' ? waiting(hold, event) : parting(hold, event)
}

function joined({ at, place, etaMs, patienceMs, repeatMs }: HoldEvent & { is: 'joined' }): HoldStep {
  const told = { place, etaMs }
  const next = { line: 'joined', at: at + firstLineMs } as const
  const hold: Hold = { ...blank(at), until: at + patienceMs, repeatMs, place, etaMs, told, next }
  const notice = { position: place, eta_ms: etaMs, patience_ms: patienceMs }
  return { hold, actions: [{ do: 'tell', notice: { type: 'trunkline.queue.joined', ...notice } }] }
}

function full({ at, refusal }: HoldEvent & { is: 'full' }): HoldStep {
  const line = refusal.why === 'queue_full' ? 'full' : 'closed'
  const hold: Hold = { ...blank(at), state: 'parting', next: { line, at: at + firstLineMs }, refusal }
  return { hold, actions: [] }
}

function waiting(hold: Hold, event: HoldEvent): HoldStep {
  switch (event.is) {
    case 'moved':
      return look({ ...hold, place: event.place, etaMs: event.etaMs }, event.at)
    case 'tick':
      return look(hold, event.at)
    case 'spoken':
      return look(rested(hold, event.at), event.at)
    case 'served': {
      const notice = { type: 'trunkline.queue.admitted', waited_ms: event.at - hold.joinedAt } as const
      return { hold: over(hold), actions: [...hush(hold), { do: 'tell', notice }] }
    }
    case 'patienceOver':
      return part(hold, event.at)
    case 'turnedAway':
      return {
        hold: over(hold),
        actions: [{ do: 'giveUp' }, ...hush(hold), { do: 'refuse', refusal: event.refusal }],
      }
    case 'hungUp':
      return { hold: over(hold), actions: [{ do: 'giveUp' }] }
    default:
      return { hold, actions: [] }
  }
}

/** Whatever is due at a time: patience first, then words about the place, then a line. */
function look(before: Hold, at: number): HoldStep {
  if (at >= before.until) return part(before, at)
  let hold = overslept(before, at) ? rested(before, at) : before
  const actions: HoldAction[] = []
  const better = hold.place < hold.told.place
  if (better && at >= newsAt(hold)) {
    const told = { place: hold.place, etaMs: lower(hold.told.etaMs, hold.etaMs) }
    if (told.place === 1) hold = { ...hold, next: { line: 'next', at } }
    hold = { ...hold, told, updatedAt: at, sentAt: at }
    actions.push({ do: 'tell', notice: { type: 'trunkline.queue.updated', ...standing(hold, at) } })
  } else if (at >= hold.sentAt + queueAliveMs) {
    hold = { ...hold, told: { place: hold.told.place, etaMs: lower(hold.told.etaMs, hold.etaMs) }, sentAt: at }
    actions.push({ do: 'tell', notice: { type: 'trunkline.queue.waiting', ...standing(hold, at) } })
  }
  const spoken = speak(hold, at)
  return { hold: spoken.hold, actions: [...actions, ...spoken.actions] }
}

/** Patience is over: its place goes at once, the line that is being spoken makes way for the apology. */
function part(hold: Hold, at: number): HoldStep {
  const seconds = Math.round((at - hold.joinedAt) / 1000)
  const refusal: Refusal = { why: 'queue_timeout', details: { seconds } }
  const next = { line: 'sorry', at: Math.max(at, hold.joinedAt + firstLineMs) } as const
  const spoken = speak({ ...hold, state: 'parting', speaking: null, next, refusal }, at)
  return { hold: spoken.hold, actions: [{ do: 'giveUp' }, ...hush(hold), ...spoken.actions] }
}

function parting(hold: Hold, event: HoldEvent): HoldStep {
  if (event.is === 'hungUp') return { hold: over(hold), actions: [] }
  if (event.is === 'turnedAway') {
    return { hold: over(hold), actions: [...hush(hold), { do: 'refuse', refusal: event.refusal }] }
  }
  const done = (event.is === 'spoken' && hold.speaking !== null) || overslept(hold, event.at)
  if (!done) return event.is === 'tick' ? speak(hold, event.at) : { hold, actions: [] }
  const { refusal } = hold
  return { hold: over(hold), actions: refusal === null ? [] : [{ do: 'refuse', refusal }] }
}

function speak(hold: Hold, at: number): HoldStep {
  if (hold.speaking !== null || hold.next === null || at < hold.next.at) return { hold, actions: [] }
  const { line } = hold.next
  return { hold: { ...hold, next: null, speaking: { line, since: at } }, actions: [{ do: 'speak', line }] }
}

/** A line has been given: the first one comes again after a while, unless another waits. */
function rested(hold: Hold, at: number): Hold {
  const again = hold.repeatMs === null ? null : ({ line: 'joined', at: at + hold.repeatMs } as const)
  return { ...hold, speaking: null, next: hold.next ?? again }
}

function overslept({ speaking }: Hold, at: number): boolean {
  return speaking !== null && at >= speaking.since + speechTimeoutMs
}

function hush(hold: Hold): HoldAction[] {
  return hold.speaking === null ? [] : [{ do: 'hush' }]
}

/** A wait that rises is not told: the caller keeps the better one (H3). */
function lower(told: number | null, now: number | null): number | null {
  if (told === null || now === null) return told ?? now
  return Math.min(told, now)
}

function standing(hold: Hold, at: number): { position: number; eta_ms: number | null; waited_ms: number } {
  return { position: hold.told.place, eta_ms: hold.told.etaMs, waited_ms: at - hold.joinedAt }
}

function blank(at: number): Hold {
  return {
    state: 'waiting',
    joinedAt: at,
    until: at,
    repeatMs: null,
    place: 0,
    etaMs: null,
    told: { place: 0, etaMs: null },
    updatedAt: at,
    sentAt: at,
    next: null,
    speaking: null,
    refusal: null,
  }
}

function over(hold: Hold): Hold {
  return { ...hold, state: 'over', next: null, speaking: null }
}
