// One timer that may be set sooner, never later, and then runs once. Knows no desk.
import { clock } from '../clock.ts'

export class Beat {
  readonly #work: () => unknown
  #set: { at: number; cancel: () => void } | undefined

  constructor(work: () => unknown) {
    this.#work = work
  }

  get isSet(): boolean {
    return this.#set !== undefined
  }

  arm(afterMs: number): void {
    const at = clock.now() + afterMs
    if (this.#set !== undefined && this.#set.at <= at) return
    this.stop()
    const cancel = clock.after(afterMs, () => {
      this.#set = undefined
      this.#work()
    })
    this.#set = { at, cancel }
  }

  stop(): void {
    this.#set?.cancel()
    this.#set = undefined
  }
}
