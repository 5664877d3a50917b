// When a desk's waiting calls want to be ticked, so that one alarm serves them all, and none needs a timer of its own. Knows no socket
// and no clock. Rules G4, H3, H7.
import type { Ticks } from './desk-homes.ts'
import type { DeskRosters } from './desk-rosters.ts'
import { keep, type Desk } from './gate.ts'
import { leaseTtlMs, queueAliveMs, queueUpdateMs, tickAgainMs, tickStepMs } from './limits.ts'
import type { TickAnswer } from './ports.ts'

export interface Due {
  call: string
  /** Counts from 0; null: it has its line, and has not heard so yet. */
  place: number | null
}

/** The first tick of a call that comes to wait now; the call itself says when it wants the next. */
export function firstTickAt(patienceMs: number, now: number): number {
  return now + Math.min(queueAliveMs, patienceMs)
}

export class DeskTicks implements Ticks {
  readonly #rosters: DeskRosters

  constructor(rosters: DeskRosters) {
    this.#rosters = rosters
  }

  /** When the next call is due (ms since 1970); undefined while none waits. */
  get nextAt(): number | undefined {
    const [call] = this.#rosters.get('ticks').first(1)
    return call === undefined ? undefined : this.#rosters.get('ticks').get(call)
  }

  /** A call has come to wait. Asked again it changes nothing. */
  joined(call: string, patienceMs: number, now: number): void {
    if (this.#rosters.get('ticks').get(call) !== undefined) return
    this.#rosters.get('news').set(call, now + queueUpdateMs)
    this.#at(call, firstTickAt(patienceMs, now))
  }

  /** It has its line: it is due until it has heard so. One that asks hears it by itself, and was never due. */
  seated(call: string, now: number): void {
    this.#rosters.get('news').delete(call)
    if (this.#rosters.get('ticks').get(call) !== undefined) this.#at(call, now + tickAgainMs)
  }

  /** It waits no more, and knows. */
  left(call: string): void {
    this.#rosters.get('ticks').delete(call)
    this.#rosters.get('news').delete(call)
  }

  /** It has given its place up: those behind it come forward. */
  gaveUp(call: string, place: number, now: number): void {
    this.left(call)
    this.forward(place, now)
  }

  /** Those from this place on have come forward, and hear of it as soon as they may. */
  forward(place: number, now: number): void {
    const [ticks, news] = [this.#rosters.get('ticks'), this.#rosters.get('news')]
    for (const call of this.#queue().slice(place)) {
      const at = Math.max(now, news.get(call) ?? now)
      if (at < (ticks.get(call) ?? 0)) this.#at(call, at)
    }
  }

  /** Who is to be ticked now, and how each stands. One that does not answer is due again soon, until its ticket or its line runs out. */
  due(now: number): Due[] {
    const late = this.#rosters.get('ticks').purge(now)
    if (late.length === 0) return []
    const places = new Map(this.#queue().map((call, place) => [call, place]))
    const due: Due[] = []
    for (const call of late) {
      const place = places.get(call) ?? null
      if (place === null && !this.#talks(call, now)) this.#rosters.get('news').delete(call)
      else {
        this.#at(call, now + tickAgainMs)
        due.push({ call, place })
      }
    }
    return due
  }

  /** `gate`: as the call meets it. Its answer keeps its place, and the lines of its key and agent (G4, G8). */
  answered({ call, place }: Due, gate: Desk, answer: TickAnswer & { is: 'waits' }, now: number): void {
    const rank = gate.queue.rank(call)
    if (rank === undefined) return // it was seated, or has left, in the meantime
    keep(gate, call, { now, ttlMs: leaseTtlMs, room: 0 })
    this.#rosters.get('news').set(call, answer.newsAt)
    const at = rank < (place ?? 0) ? Math.min(answer.at, answer.newsAt) : answer.at
    this.#at(call, Math.min(Math.max(at, now + 1), now + queueAliveMs))
  }

  #talks(call: string, now: number): boolean {
    return (this.#rosters.get('leases').get(call) ?? 0) > now
  }

  #queue(): string[] {
    const queue = this.#rosters.get('queue')
    return queue.first(queue.size())
  }

  /** Never early, and on a step of the clock, so that those who are due at about the same time are due together. */
  #at(call: string, at: number): void {
    this.#rosters.get('ticks').set(call, Math.ceil(at / tickStepMs) * tickStepMs)
  }
}
