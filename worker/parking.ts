// What a waiting call keeps while its object is out of memory, and who ticks it: its desk, or a timer while the desk would be late.
// Knows no call. Rule H7.
import { parkAfterMs } from '../src/limits.ts'
import type { KeptPlace, Parked, TickAnswer } from '../src/ports.ts'
import { clock } from './clock.ts'

/** `deskAt`: when the desk ticks it next (ms since 1970). */
interface Note {
  parked: Parked
  deskAt: number
}

export interface Wake {
  tick(): void
  /** It has no place any more: it was put through, or goes. */
  over(): void
}

export class Parking {
  readonly #kv: SyncKvStorage
  readonly #wake: Wake
  #at: number | undefined
  #place: KeptPlace | undefined
  #deskAt = 0
  #cancelTick: (() => void) | undefined
  #cancelNote: (() => void) | undefined

  constructor({ kv }: DurableObjectStorage, wake: Wake) {
    this.#kv = kv
    this.#wake = wake
  }

  get waits(): boolean {
    return this.#place !== undefined
  }

  /** A wait begins, whose first tick from the desk comes then. */
  begin(deskAt: number): void {
    this.#deskAt = deskAt
  }

  /** What an earlier life has left, if it waited. */
  left(): Parked | undefined {
    const note = this.#kv.get<Note>('parked')
    this.#deskAt = note?.deskAt ?? 0
    return note?.parked
  }

  change(at: number | undefined, place: KeptPlace | undefined): void {
    const waited = this.waits
    this.#at = at
    this.#place = place
    this.#cancelTick?.()
    // A timer keeps the object in memory: only for what comes before the desk, or when the desk does not tick it any more.
    if (at !== undefined && (place === undefined || at < this.#deskAt)) {
      this.#cancelTick = clock.after(Math.max(0, at - clock.now()), () => this.#wake.tick())
    }
    if (place !== undefined) this.#cancelNote ??= clock.after(parkAfterMs, () => this.#write())
    else if (waited) this.#forget()
  }

  /** After a tick of the desk: from now on it knows when the next is due. */
  answer(): TickAnswer {
    if (this.#place === undefined || this.#at === undefined) return { is: 'left' }
    this.#cancelTick?.()
    this.#deskAt = this.#at
    return { is: 'waits', at: this.#at, newsAt: this.#place.newsAt }
  }

  #write(): void {
    this.#cancelNote = undefined
    if (this.#place !== undefined)
      this.#kv.put('parked', { parked: this.#place.parked(), deskAt: this.#deskAt } satisfies Note)
  }

  #forget(): void {
    this.#cancelNote?.()
    this.#kv.delete('parked')
    this.#wake.over()
  }
}
