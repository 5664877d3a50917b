// A pool, its meter and the desks' holdings once more, as plainly as can be: lists that are filtered, and filling by trying all.
// Shares no line with src/.
import { answerMs, desks, thresholds, ttlMs, type DeskId, type PoolCommand } from './pool-commands.ts'
import type { Subject } from './told.ts'

/** The latest word of a desk, and what it was granted on it. */
interface Heard {
  desk: DeskId
  has: number
  wants: number
  block: number
  weight: number
  tier: number
  until: number
  amount: number
}

interface Given {
  desk: DeskId
  amount: number
  version: number
}

interface Holds extends Given {
  until: number
}

export class NaivePool implements Subject<PoolCommand> {
  now = 1_000_000
  ceiling = 100
  heard: Heard[] = []
  /** Desks that have ever asked in time. */
  asks: DeskId[] = []
  floors: { desk: DeskId; floor: number }[] = []
  versions: { desk: DeskId; version: number }[] = []
  notes: { at: number; tokens: number }[] = []
  /** What the pool has ever said to desks; what each has taken of it, or kept when it asked; and when it asked. */
  said: Given[] = []
  taken: Given[] = []
  held: Holds[] = []
  asked: { desk: DeskId; until: number }[] = []
  askedAt: { desk: DeskId; at: number }[] = []

  take(command: PoolCommand): unknown {
    if (command.do === 'pass') return (this.now += command.ms) // nobody looks, so that nothing is swept by looking
    return { answer: this.answer(command), after: this.reading() }
  }

  state(): unknown {
    return this.reading()
  }

  answer(command: PoolCommand): unknown {
    switch (command.do) {
      case 'share':
        return this.share(command)
      case 'refill': {
        this.ceiling = command.ceiling
        const risen = command.learning ? [] : this.fill()
        this.say(risen)
        return risen
      }
      case 'reserve':
        return void this.floors.push(command)
      case 'note':
        return void this.notes.push({ at: this.now, tokens: command.tokens })
      case 'ask': {
        const before = this.holds(command.desk)
        if (command.has < before || before === 0) this.keep(command.desk, Math.min(before, command.has))
        this.askedAt.push({ desk: command.desk, at: this.now })
        return void this.asked.push({ desk: command.desk, until: this.now + answerMs })
      }
      case 'take':
        return this.hear(command)
      case 'unanswered':
        return void (this.asked = this.asked.filter(({ desk }) => desk !== command.desk))
      default:
        return undefined
    }
  }

  share({ desk, has, more, had, block, weight, tier, learning, late }: PoolCommand & { do: 'share' }): unknown {
    if (late && this.asks.includes(desk)) return { grant: this.grant(desk), risen: [], idle: [] }
    if (!late) this.asks.push(desk)
    const mine = { desk, has, wants: has + more, block, weight, tier, until: this.now + ttlMs, amount: has }
    this.heard = [...this.alive().filter((other) => other.desk !== desk), mine]
    const risen = learning ? [] : this.fill()
    const nobodyHungry = this.alive().every(({ amount, wants }) => amount >= wants)
    const busy = has > 0 || had
    if (!learning && busy && nobodyHungry && this.fits(mine, block)) mine.amount += block
    if (mine.wants === 0 && !busy) this.heard = this.heard.filter((other) => other !== mine)
    this.say([desk, ...risen.filter((other) => other !== desk)])
    const slack = this.alive().filter(({ amount, wants }) => amount > wants)
    const byAmount = slack.toSorted(
      (a, b) => a.amount - b.amount || Buffer.compare(Buffer.from(a.desk), Buffer.from(b.desk)),
    )
    const idle = mine.amount < mine.wants ? byAmount.map((other) => other.desk) : []
    return { grant: this.grant(desk), risen: risen.filter((other) => other !== desk), idle }
  }

  /** One block at a time to whom it is due, until it is due to nobody. */
  fill(): DeskId[] {
    const risen: DeskId[] = []
    for (let one = this.due(); one !== undefined; one = this.due()) {
      one.amount += this.block(one)
      if (!risen.includes(one.desk)) risen.push(one.desk)
    }
    return risen
  }

  due(): Heard | undefined {
    const hungry = this.ordered(this.alive().filter(({ amount, wants }) => amount < wants))
    const reserved = desks.reduce((sum, desk) => sum + this.floor(desk), 0)
    const could = hungry.filter((one) => this.block(one) <= this.top(one) - reserved || this.fits(one, this.block(one)))
    const first = (one: Heard): boolean => could.find(({ tier }) => tier === one.tier) === one
    const owed = (one: Heard): boolean => this.floor(one.desk) > one.amount
    const due = hungry.filter((one) => (first(one) || owed(one)) && this.fits(one, this.block(one)))
    const least = Math.min(...due.map(share))
    const equal = due.filter((one) => share(one) === least)
    return equal.filter(first).toSorted((a, b) => a.tier - b.tier)[0] ?? equal[0]
  }

  /** In the order of their shares, then of the bytes of their names. */
  ordered(list: Heard[]): Heard[] {
    return list.toSorted((a, b) => share(a) - share(b) || Buffer.compare(Buffer.from(a.desk), Buffer.from(b.desk)))
  }

  fits(one: Heard, more: number): boolean {
    const onFloor = one.amount + more <= this.floor(one.desk)
    const others = desks.filter((desk) => desk !== one.desk)
    const kept = others.reduce((sum, desk) => sum + Math.max(0, this.floor(desk) - this.amount(desk)), 0)
    return (
      this.alive().reduce((sum, { amount }) => sum + amount, 0) + kept + more <=
      (onFloor ? Math.max(this.ceiling, this.top(one)) : this.top(one))
    )
  }

  block({ block, wants, amount }: Heard): number {
    return Math.min(Math.max(block, 1), wants - amount)
  }

  top({ tier }: Heard): number {
    return this.ceiling * (thresholds[tier] ?? 0)
  }

  floor(desk: DeskId): number {
    return this.floors.findLast((reserved) => reserved.desk === desk)?.floor ?? 0
  }

  amount(desk: DeskId): number {
    return this.alive().find((one) => one.desk === desk)?.amount ?? 0
  }

  alive(): Heard[] {
    return this.heard.filter(({ until }) => until > this.now)
  }

  say(changed: DeskId[]): void {
    for (const desk of changed) {
      this.versions.push({ desk, version: Math.max(this.now, this.version(desk) + 1) })
      this.said.push({ desk, ...this.grant(desk) })
    }
  }

  version(desk: DeskId): number {
    return this.versions.findLast((one) => one.desk === desk)?.version ?? 0
  }

  grant(desk: DeskId): { amount: number; version: number } {
    return { amount: this.amount(desk), version: this.version(desk) }
  }

  hear({ desk, before, as }: PoolCommand & { do: 'take' }): boolean | null {
    const grant = this.said.filter((one) => one.desk === desk).at(-1 - before)
    if (grant === undefined) return null
    if (as === 'word' && this.asked.some((ask) => ask.desk === desk && ask.until > this.now)) return false
    if (as === 'answer') this.asked = this.asked.filter((ask) => ask.desk !== desk)
    if (this.taken.some((old) => old.desk === desk && old.version >= grant.version)) return false
    this.taken.push(grant)
    this.held.push({ ...grant, until: (this.askedAt.findLast((ask) => ask.desk === desk)?.at ?? this.now) + ttlMs })
    return true
  }

  holds(desk: DeskId): number {
    const last = this.held.findLast((one) => one.desk === desk)
    return last !== undefined && last.until > this.now ? last.amount : 0
  }

  keep(desk: DeskId, amount: number): void {
    const last = this.held.findLast((one) => one.desk === desk)
    if (last !== undefined) this.held.push({ ...last, amount })
  }

  reading(): unknown {
    const alive = this.alive()
    const sum = (pick: (one: Heard) => number): number => alive.reduce((total, one) => total + pick(one), 0)
    const kept = desks.reduce((total, desk) => total + Math.max(0, this.floor(desk) - this.amount(desk)), 0)
    const recent = this.notes.filter(({ at }) => at - (at % 1_000) > this.now - 60_000)
    return {
      pool: {
        has: sum(({ has }) => has),
        wants: sum(({ wants }) => wants),
        granted: sum(({ amount }) => amount),
        kept,
        desks: alive.length,
      },
      grants: desks.map((desk) => this.grant(desk)),
      held: desks.map((desk) => this.holds(desk)),
      lastMinute: recent.reduce((total, { tokens }) => total + tokens, 0),
    }
  }
}

function share({ amount, weight }: Heard): number {
  return amount / weight
}
