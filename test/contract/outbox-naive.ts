// The outbox as plainly as it can be said: a list of what is owed to whom. Knows no roster.
import { hookRestsMs, messageClaimMs, messageRetriesMs, messageWaitMsMost } from '../../src/limits.ts'
import { hooks, type OutboxCommand } from './outbox-commands.ts'
import type { Subject } from './told.ts'

interface Owed {
  hook: string
  message: string
  due: number
  failed: number
}

export class NaiveOutbox implements Subject<OutboxCommand> {
  #now = 1_000_000
  #owed: Owed[] = []
  /** Message → when it was put. */
  readonly #put = new Map<string, number>()
  readonly #failures = new Map<string, number>()
  readonly #rests = new Map<string, number>()
  readonly #claims: { hook: string; message: string; until: number }[] = []

  take(command: OutboxCommand): unknown {
    const answer = this.#answer(command)
    return { answer, at: this.#next()?.at ?? null, waiting: this.#waiting() }
  }

  state(): unknown {
    return hooks.map((hook) => ({
      due: this.#of(hook).map(({ message, due, failed }) => [message, due, failed]),
      failures: this.#failures.get(hook) ?? 0,
      rests: this.#rests.get(hook) ?? 0,
      counted: true,
    }))
  }

  #answer(command: OutboxCommand): unknown {
    switch (command.do) {
      case 'put':
        if (this.#waiting().includes(command.message)) return 'waits'
        this.#put.set(command.message, this.#now)
        for (const hook of command.wanting)
          this.#owed.push({ hook, message: command.message, due: this.#now, failed: 0 })
        return []
      case 'claim':
        return this.#claim()
      case 'settle':
        return this.#settle(command)
      case 'expire':
        return this.#without(({ message }) => this.#now - this.#putAt(message) >= messageWaitMsMost)
      case 'drop': {
        this.#failures.delete(command.hook)
        this.#rests.delete(command.hook)
        return this.#without(({ hook }) => hook === command.hook)
      }
      default:
        return (this.#now += command.ms)
    }
  }

  #claim(): unknown {
    const next = this.#next()
    if (next === undefined || next.at > this.#now) return { is: 'none', at: next?.at ?? null }
    const { hook, message } = next.owed
    const until = this.#now + messageClaimMs
    next.owed.due = until
    if (this.#failures.has(hook)) this.#rests.set(hook, until)
    this.#claims.push({ hook, message, until })
    return { is: 'due', claim: { hook, message, until } }
  }

  #settle({ back, taken, chance }: OutboxCommand & { do: 'settle' }): unknown {
    const claim = this.#claims.at(-1 - back)
    if (claim === undefined) return null
    const { hook, message, until } = claim
    const owed = this.#owed.find((one) => one.hook === hook && one.message === message)
    if (owed === undefined || (!taken && owed.due !== until)) return 'nothing'
    if (taken) {
      this.#failures.delete(hook)
      this.#rests.delete(hook)
      this.#owed = this.#owed.filter((one) => one !== owed)
      return 'delivered'
    }
    const failures = this.#failures.get(hook) ?? 0
    if (failures === 0 || this.#rests.get(hook) === until) {
      this.#failures.set(hook, failures + 1)
      this.#rests.set(hook, this.#now + (hookRestsMs[failures] ?? 300_000))
    }
    owed.failed++
    const delay = messageRetriesMs[owed.failed - 1] ?? Infinity
    owed.due = this.#now + Math.floor(delay * (1 + 0.2 * chance))
    if (owed.due - this.#putAt(message) < messageWaitMsMost) return 'retried'
    this.#owed = this.#owed.filter((one) => one !== owed)
    return 'gave_up'
  }

  /** What is owed no more; the messages that nobody is owed by that. */
  #without(over: (owed: Owed) => boolean): string[] {
    const before = this.#waiting()
    this.#owed = this.#owed.filter((owed) => !over(owed))
    return before.filter((message) => !this.#waiting().includes(message)).toSorted()
  }

  /** What was due first, of hooks that are not left alone. */
  #next(): { owed: Owed; at: number } | undefined {
    const heads = hooks.flatMap((hook) => this.#of(hook).slice(0, 1))
    const all = heads.map((owed) => ({ owed, at: Math.max(owed.due, this.#rests.get(owed.hook) ?? 0) }))
    return all.toSorted((a, b) => a.at - b.at)[0]
  }

  #of(hook: string): Owed[] {
    return this.#owed
      .filter((one) => one.hook === hook)
      .toSorted((a, b) => a.due - b.due || (a.message < b.message ? -1 : 1))
  }

  #waiting(): string[] {
    const names = [...new Set(this.#owed.map(({ message }) => message))]
    return names.toSorted((a, b) => this.#putAt(a) - this.#putAt(b) || (a < b ? -1 : 1))
  }

  #putAt(message: string): number {
    return this.#put.get(message) ?? 0
  }
}
