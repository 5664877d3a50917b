// How a process takes leave of its balancers: not ready at once, and, when they must have seen that, without new calls. Knows no call, no
// signal and no exit. Rules D1, D2.
import { clock } from './clock.ts'

export class Leave {
  readonly #graceMs: number
  readonly #refusing: () => void
  #taken: { since: number; refusing: boolean; graceOver: Promise<void>; cancel: () => void } | undefined

  /** `refusing`: said when no new call is taken any more. */
  constructor(graceMs: number, refusing: () => void) {
    this.#graceMs = graceMs
    this.#refusing = refusing
  }

  /** Since when (ms since 1970); undefined while it stays. */
  get since(): number | undefined {
    return this.#taken?.since
  }

  /** No new call is taken. Until then those that a balancer still sends are served: it has not seen yet that nobody is ready here. */
  get refuses(): boolean {
    return this.#taken?.refusing === true
  }

  /** Resolves when no new call is taken any more. Begun twice it is begun once. */
  begin(): Promise<void> {
    if (this.#taken !== undefined) return this.#taken.graceOver
    const { promise: graceOver, resolve } = Promise.withResolvers<void>()
    const refuse = (): void => {
      taken.refusing = true
      this.#refusing()
      resolve()
    }
    const taken = { since: clock.now(), refusing: false, graceOver, cancel: (): void => undefined }
    this.#taken = taken
    if (this.#graceMs === 0) refuse()
    else taken.cancel = clock.after(this.#graceMs, refuse)
    return graceOver
  }

  /** It stays after all. Who waits for the grace to be over waits on. */
  takeBack(): void {
    this.#taken?.cancel()
    this.#taken = undefined
  }
}
