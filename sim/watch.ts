// Lets tests await a state instead of sleeping: a condition is looked at again whenever something happened.

interface Waiter {
  readonly holds: () => boolean
  readonly resolve: () => void
}

export class Watch {
  #waiters: Waiter[] = []

  /** Something happened. */
  stir(): void {
    if (this.#waiters.length === 0) return
    const [met, open] = [[] as Waiter[], [] as Waiter[]]
    for (const waiter of this.#waiters) (waiter.holds() ? met : open).push(waiter)
    this.#waiters = open
    for (const waiter of met) waiter.resolve()
  }

  until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        reject(new Error(`Not within ${timeoutMs} ms: ${holds.toString()}`))
      }, timeoutMs)
      const waiter: Waiter = {
        holds,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      this.#waiters.push(waiter)
    })
  }
}
