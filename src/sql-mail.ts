// The steps of a desk for webhooks over one SQL store. Knows no host. Rule A5.
import type { Outcome } from './courier.ts'
import type { SqlDesk } from './desk.ts'
import type { Attempt, NextMessage, Tried } from './desk-outbox.ts'
import { changedHook, rotatedHook } from './hook-edits.ts'
import type { Hook, KeptHook, NewHook } from './hook.ts'
import type { HookChange } from './hook-settings.ts'
import { hooksPerTenant } from './limits.ts'
import type { MailSteps } from './mail-steps.ts'
import type { Refusal } from './refusal.ts'

export interface SqlMailHome {
  /** undefined until a tenant is made. */
  desk: () => SqlDesk | undefined
  unowned: () => Refusal
  now: () => number
}

export class SqlMail implements MailSteps {
  /** Told from within a step (desk-homes.ts, `waits`). */
  tell: (afterMs: number) => void = () => undefined
  readonly #home: SqlMailHome

  constructor(home: SqlMailHome) {
    this.#home = home
  }

  hooks(): KeptHook[] | undefined {
    return this.#home.desk()?.hooks.list()
  }

  addHook(hook: NewHook): Refusal | undefined {
    const desk = this.#home.desk()
    if (desk === undefined) return this.#home.unowned()
    if (desk.hooks.list().length >= hooksPerTenant) return { why: 'hooks_enough', details: { most: hooksPerTenant } }
    desk.hooks.put({ ...hook, on_at: this.#home.now() })
    return undefined
  }

  changeHook(id: string, change: HookChange): KeptHook | undefined {
    return this.#edit(id, (hook, now) => changedHook(hook, change, now))
  }

  rotateHook(id: string, secret: string, graceMs: number): KeptHook | undefined {
    return this.#edit(id, (hook, now) => rotatedHook(hook, secret, graceMs, now))
  }

  removeHook(id: string): KeptHook | undefined {
    const desk = this.#home.desk()
    return desk?.transact(() => {
      const kept = desk.hooks.get(id)
      if (kept === undefined) return undefined
      desk.outbox.forsake(id)
      desk.hooks.delete(id)
      return kept
    })
  }

  /** A life before this one may have left messages: says when the next is due. */
  wake(): void {
    const desk = this.#home.desk()
    desk?.transact(() => desk.outbox.sweep(this.#home.now()))
  }

  heard(tell: (afterMs: number) => void): void {
    this.tell = tell
  }

  next(): NextMessage {
    const desk = this.#home.desk()
    return desk?.transact(() => desk.outbox.next(this.#home.now())) ?? { is: 'none', afterMs: null }
  }

  settle(attempt: Attempt, outcome: Outcome, chance: number): void {
    const desk = this.#home.desk()
    desk?.transact(() => desk.outbox.settle(attempt, outcome, chance, this.#home.now()))
  }

  note(tried: Tried, outcome: Outcome): void {
    const desk = this.#home.desk()
    desk?.transact(() => desk.outbox.note(tried, outcome, this.#home.now()))
  }

  #edit(id: string, work: (hook: Hook, now: number) => Hook): KeptHook | undefined {
    const desk = this.#home.desk()
    return desk?.transact(() => {
      const kept = desk.hooks.get(id)
      if (kept === undefined) return undefined
      const hook = work(kept.hook, this.#home.now())
      desk.hooks.put(hook)
      if (!hook.enabled) desk.outbox.forsake(id)
      return { ...kept, hook }
    })
  }
}
