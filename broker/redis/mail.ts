// The steps of a desk for webhooks in Redis: its endpoints are edited as its other documents are, its messages wait beside its calls. Rule A5.
import type { Outcome } from '../../src/courier.ts'
import type { Attempt, NextMessage, Tried } from '../../src/desk-outbox.ts'
import { changedHook, rotatedHook } from '../../src/hook-edits.ts'
import type { KeptHook, NewHook } from '../../src/hook.ts'
import type { HookChange } from '../../src/hook-settings.ts'
import type { MailSteps } from '../../src/mail-steps.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { Documents } from './documents.ts'
import * as edits from './edits.ts'
import { nextOf } from './told.ts'

export interface RedisMailHome {
  step: <T>(step: string, ask: object) => Promise<T | undefined>
  documents: () => Promise<Documents | undefined>
  /** `unowned`: what nobody's desk says. */
  edit: <R>(compute: (documents: Documents) => edits.Edited<R>, unowned?: R) => Promise<R | undefined>
  unowned: () => Refusal
}

export class RedisMail implements MailSteps {
  /** Told with the answer of the step that put the message. */
  tell: (afterMs: number) => void = () => undefined
  readonly #home: RedisMailHome

  constructor(home: RedisMailHome) {
    this.#home = home
  }

  async hooks(): Promise<KeptHook[] | undefined> {
    return (await this.#home.documents())?.hooks
  }

  addHook(hook: NewHook): Promise<Refusal | undefined> {
    return this.#home.edit((documents) => edits.addHook(documents, hook), this.#home.unowned())
  }

  changeHook(id: string, change: HookChange): Promise<KeptHook | undefined> {
    return this.#home.edit((documents) =>
      edits.changeHook(documents, id, (hook, now) => changedHook(hook, change, now)),
    )
  }

  rotateHook(id: string, secret: string, graceMs: number): Promise<KeptHook | undefined> {
    return this.#home.edit((documents) =>
      edits.changeHook(documents, id, (hook, now) => rotatedHook(hook, secret, graceMs, now)),
    )
  }

  removeHook(id: string): Promise<KeptHook | undefined> {
    return this.#home.edit((documents) => edits.removeHook(documents, id))
  }

  heard(tell: (afterMs: number) => void): void {
    this.tell = tell
  }

  async next(): Promise<NextMessage> {
    return nextOf(await this.#home.step('nextMessage', {}))
  }

  async settle(attempt: Attempt, outcome: Outcome, chance: number): Promise<void> {
    await this.#home.step('settleMessage', { attempt, outcome, chance })
  }

  async note(tried: Tried, outcome: Outcome): Promise<void> {
    await this.#home.step('noteHook', { tried, outcome })
  }
}
