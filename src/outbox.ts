// outbox.ts: which message is due at which hook, who sends it now, and what its outcome means. Knows no message's text, no hook's address and
// no clock. Rule A5.
import {
  hookRestsMs,
  messageClaimMs,
  messageRetriesMs,
  messageRetryJitter,
  messagesWaiting,
  messageWaitMsMost,
} from './limits.ts'
import type { Roster } from './roster.ts'

export interface Outbox {
  /** Message → when it was put; those that a hook has still to be told. */
  waiting: Roster
  /** Of one hook: message → when it is due. */
  due: (hook: string) => Roster
  /** Of one hook: message → attempts that failed. */
  failed: (hook: string) => Roster
  /** Hook → its failures since it last took a message. */
  failures: Roster
  /** Hook → until when it is left alone. */
  rests: Roster
}

/** A message that one sender has, up to `until`; it says by that which attempt its outcome is of. */
export interface Claim {
  hook: string
  message: string
  until: number
}

/** Where nothing is due now `at` is when something will be; null where nothing waits. */
export type Claimed = { is: 'due'; claim: Claim } | { is: 'none'; at: number | null }

/** What became of an attempt: another one has the message by now, its hook is gone, or it is given up: nothing. */
export type Settled = 'delivered' | 'retried' | 'gave_up' | 'nothing'

/** Puts a message in for those hooks, due now. Where too many wait the oldest go; returns those. */
export function put(
  box: Outbox,
  message: string,
  wanting: readonly string[],
  hooks: readonly string[],
  now: number,
): string[] {
  const dropped: string[] = []
  while (box.waiting.size() >= messagesWaiting) {
    for (const oldest of box.waiting.first(1)) {
      forgetAll(box, oldest, hooks)
      box.waiting.delete(oldest)
      dropped.push(oldest)
    }
  }
  box.waiting.set(message, now)
  for (const hook of wanting) box.due(hook).set(message, now)
  return dropped
}

/** What has waited for too long is given up, however often it was tried; returns those messages. */
export function expire(box: Outbox, hooks: readonly string[], now: number): string[] {
  const late = box.waiting.purge(now - messageWaitMsMost)
  for (const message of late) forgetAll(box, message, hooks)
  return late
}

/** Takes what has been due for the longest time, of hooks that are not left alone. */
export function claim(box: Outbox, hooks: readonly string[], now: number): Claimed {
  const next = nextOf(box, hooks)
  if (next === undefined) return { is: 'none', at: null }
  const { hook, message, at } = next
  if (at > now) return { is: 'none', at }
  const until = now + messageClaimMs
  box.due(hook).set(message, until)
  // Of a hook that fails one message at a time is tried.
  if (box.failures.get(hook) !== undefined) box.rests.set(hook, until)
  return { is: 'due', claim: { hook, message, until } }
}

/** When the next message is due (ms); null while none waits. */
export function nextAt(box: Outbox, hooks: readonly string[]): number | null {
  return nextOf(box, hooks)?.at ?? null
}

/** `chance`: from 0 to 1. */
export function settle(
  box: Outbox,
  { hook, message, until }: Claim,
  taken: boolean,
  hooks: readonly string[],
  chance: number,
  now: number,
): Settled {
  const at = box.due(hook).get(message)
  if (at === undefined) return 'nothing'
  if (taken) {
    box.failures.delete(hook)
    box.rests.delete(hook)
    done(box, hook, message, hooks)
    return 'delivered'
  }
  if (at !== until) return 'nothing'
  fail(box, hook, until, now)
  const failed = box.failed(hook).add(message, 1)
  const delay = messageRetriesMs[failed - 1]
  const late = (box.waiting.get(message) as number) + messageWaitMsMost
  const next = delay === undefined ? late : now + Math.floor(delay * (1 + messageRetryJitter * chance))
  if (next >= late) {
    done(box, hook, message, hooks)
    return 'gave_up'
  }
  box.due(hook).set(message, next)
  return 'retried'
}

/** Of this hook it is done; whether no other has still to be told. */
export function done(box: Outbox, hook: string, message: string, hooks: readonly string[]): boolean {
  forget(box, hook, message)
  if (hooks.some((other) => box.due(other).get(message) !== undefined)) return false
  box.waiting.delete(message)
  return true
}

/** Nothing that waits is for this hook any more; returns the messages that waited for it alone. */
export function drop(box: Outbox, hook: string, hooks: readonly string[]): string[] {
  const due = box.due(hook)
  const over: string[] = []
  for (const message of due.first(due.size())) if (done(box, hook, message, hooks)) over.push(message)
  for (const roster of [box.failures, box.rests]) roster.delete(hook)
  return over
}

/** Attempts that were under way together fail as one: the hook's rest grows with each time that it was tried after one. */
function fail(box: Outbox, hook: string, until: number, now: number): void {
  const before = box.failures.get(hook) ?? 0
  if (before > 0 && box.rests.get(hook) !== until) return
  const rest = hookRestsMs[Math.min(before, hookRestsMs.length - 1)] as number
  box.failures.set(hook, before + 1)
  box.rests.set(hook, now + rest)
}

function nextOf(box: Outbox, hooks: readonly string[]): { hook: string; message: string; at: number } | undefined {
  let next: { hook: string; message: string; at: number } | undefined
  for (const hook of hooks) {
    const due = box.due(hook)
    for (const message of due.first(1)) {
      const at = Math.max(due.get(message) as number, box.rests.get(hook) ?? 0)
      if (next === undefined || at < next.at) next = { hook, message, at }
    }
  }
  return next
}

function forgetAll(box: Outbox, message: string, hooks: readonly string[]): void {
  for (const hook of hooks) forget(box, hook, message)
}

function forget(box: Outbox, hook: string, message: string): void {
  box.due(hook).delete(message)
  box.failed(hook).delete(message)
}
