// The steps of a desk for webhooks in Redis: its endpoints are edited as its other documents are, its messages wait beside its calls. Rule A5.
import type { Outcome } from '../../src/courier.ts'
import type { NextMessage } from '../../src/desk-outbox.ts'
import { changedHook, rotatedHook } from '../../src/hook-edits.ts'
import type { Hook, KeptHook, NewHook } from '../../src/hook.ts'
import type { HookChange } from '../../src/hook-settings.ts'
import { hooksPerTenant } from '../../src/limits.ts'
import type { MailSteps } from '../../src/mail-steps.ts'
import type { Claim } from '../../src/outbox.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { Documents, Edited } from './documents.ts'
import { nextOf } from './told.ts'

export interface RedisMailHome {
  step: <T>(step: string, ask: object) => Promise<T | undefined>
  documents: () => Promise<Documents | undefined>
  edit: <R>(compute: (documents: Documents | undefined) => Edited<R>) => Promise<R>
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

  async addHook(hook: NewHook): Promise<Refusal | undefined> {
    return this.#home.edit((documents) => {
      if (documents === undefined) return { result: this.#home.unowned() }
      if (documents.hooks.length >= hooksPerTenant)
        return { result: { why: 'hooks_enough', details: { most: hooksPerTenant } } }
      return { edit: { hook: { ...hook, on_at: documents.now } } }
    })
  }

  async changeHook(id: string, change: HookChange): Promise<KeptHook | undefined> {
    return this.#edit(id, (hook, now) => changedHook(hook, change, now))
  }

  async rotateHook(id: string, secret: string, graceMs: number): Promise<KeptHook | undefined> {
    return this.#edit(id, (hook, now) => rotatedHook(hook, secret, graceMs, now))
  }

  async removeHook(id: string): Promise<KeptHook | undefined> {
    return this.#home.edit((documents) => {
      const kept = documents?.hooks.find(({ hook }) => hook.id === id)
      return kept === undefined ? { result: undefined } : { edit: { unhook: id }, result: kept }
    })
  }

  heard(tell: (afterMs: number) => void): void {
    this.tell = tell
  }

  async next(): Promise<NextMessage> {
    return nextOf(await this.#home.step('nextMessage', {}))
  }

  async settle(claim: Claim, outcome: Outcome, chance: number): Promise<void> {
    await this.#home.step('settleMessage', { claim, outcome, chance })
  }

  async note(hook: string, outcome: Outcome): Promise<void> {
    await this.#home.step('noteHook', { hook, outcome })
  }

  #edit(id: string, work: (hook: Hook, now: number) => Hook): Promise<KeptHook | undefined> {
    return this.#home.edit((documents) => {
      const kept = documents?.hooks.find(({ hook }) => hook.id === id)
      if (kept === undefined || documents === undefined) return { result: undefined }
      const hook = work(kept.hook, documents.now)
      return { edit: { hook, ...(!hook.enabled && { forsake: id }) }, result: { ...kept, hook } }
    })
  }
}
