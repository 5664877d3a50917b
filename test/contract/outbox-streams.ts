// The outbox under random commands, with what must hold after each step checked beside them. Knows no home.
import { expect } from 'vitest'
import { messageClaimMs } from '../../src/limits.ts'
import { claim, drop, expire, nextAt, put, settle, type Claim, type Outbox } from '../../src/outbox.ts'
import type { Roster } from '../../src/roster.ts'
import { hooks, outboxCommand, type OutboxCommand } from './outbox-commands.ts'
import { NaiveOutbox } from './outbox-naive.ts'
import type { Home } from './roster.ts'
import { streams, type Subject } from './told.ts'

export function outboxContract(name: string, home: Home, steps: number): void {
  const to = 'an outbox'
  streams(name, home, steps, {
    to,
    command: outboxCommand,
    rules: (open) => new RuledOutbox(open),
    naive: () => new NaiveOutbox(),
  })
}

class RuledOutbox implements Subject<OutboxCommand> {
  #now = 1_000_000
  readonly #box: Outbox
  readonly #claims: Claim[] = []

  constructor(open: (name: string) => Roster) {
    const rosters = new Map<string, Roster>()
    const of = (name: string): Roster => {
      const roster = rosters.get(name) ?? open(name)
      rosters.set(name, roster)
      return roster
    }
    const [due, failed] = [(hook: string) => of(`due ${hook}`), (hook: string) => of(`failed ${hook}`)]
    this.#box = { waiting: of('waiting'), due, failed, failures: of('failures'), rests: of('rests') }
  }

  take(command: OutboxCommand): unknown {
    const answer = this.#answer(command)
    const at = nextAt(this.#box, hooks)
    const { waiting, due } = this.#box
    // Nothing waits for nobody, and nobody waits for nothing.
    const owed = new Set(hooks.flatMap((hook) => due(hook).first(99)))
    expect([...owed].toSorted()).toEqual(waiting.first(99).toSorted())
    return { answer, at, waiting: waiting.first(99) }
  }

  state(): unknown {
    const { due, failed, failures, rests } = this.#box
    return hooks.map((hook) => ({
      due: due(hook)
        .first(99)
        .map((message) => [message, due(hook).get(message), failed(hook).get(message) ?? 0]),
      failures: failures.get(hook) ?? 0,
      rests: rests.get(hook) ?? 0,
      counted: failed(hook).size() <= due(hook).size(),
    }))
  }

  #answer(command: OutboxCommand): unknown {
    const [box, now] = [this.#box, this.#now]
    switch (command.do) {
      case 'put':
        return box.waiting.get(command.message) === undefined
          ? put(box, command.message, command.wanting, hooks, now)
          : 'waits'
      case 'claim': {
        const claimed = claim(box, hooks, now)
        if (claimed.is === 'due') {
          expect(claimed.claim.until).toBe(now + messageClaimMs)
          this.#claims.push(claimed.claim)
        }
        return claimed
      }
      case 'settle': {
        const one = this.#claims.at(-1 - command.back)
        if (one === undefined) return null
        const settled = settle(box, one, command.taken, hooks, command.chance, now)
        if (settled === 'delivered') expect(box.due(one.hook).get(one.message)).toBeUndefined()
        return settled
      }
      case 'expire':
        return expire(box, hooks, now).toSorted()
      case 'drop': {
        const over = drop(box, command.hook, hooks)
        expect(box.due(command.hook).size()).toBe(0)
        return over.toSorted()
      }
      default:
        return (this.#now += command.ms)
    }
  }
}
