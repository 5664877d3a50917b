// What a desk does for webhooks, each in one atomic step, whatever its home: its endpoints, and the messages that wait for them. Knows no home
// and no host. Rule A5.
import type { Outcome } from './courier.ts'
import type { Attempt, NextMessage, Tried } from './desk-outbox.ts'
import type { Soon } from './desk-steps.ts'
import type { KeptHook, NewHook } from './hook.ts'
import type { HookChange } from './hook-settings.ts'
import type { Refusal } from './refusal.ts'

/** undefined in an answer: there is no such endpoint, or nobody owns this desk. */
export interface MailSteps {
  hooks(): Soon<KeptHook[] | undefined>
  addHook(hook: NewHook): Soon<Refusal | undefined>
  changeHook(id: string, change: HookChange): Soon<KeptHook | undefined>
  /** The secret that it had signs, too, for the grace. */
  rotateHook(id: string, secret: string, graceMs: number): Soon<KeptHook | undefined>
  /** The one that is no more. */
  removeHook(id: string): Soon<KeptHook | undefined>

  /** Whom to tell that a message waits, and is due after so long (ms): from within a step. */
  heard(tell: (afterMs: number) => void): void
  /** Takes the next message, for a while. */
  next(): Soon<NextMessage>
  /** What came of it. `chance`: from 0 to 1. */
  settle(attempt: Attempt, outcome: Outcome, chance: number): Soon<void>
  /** What an attempt came to that nothing waited for. */
  note(tried: Tried, outcome: Outcome): Soon<void>
}
