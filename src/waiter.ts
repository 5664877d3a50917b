// Carries out what hold.ts decides for one waiting caller: its words, its lines, its wishes. Knows no desk and no socket.
import { hear, newsAt, nextAt, type Hold, type HoldAction, type HoldEvent } from './hold.ts'
import type { CallTerms } from './plan.ts'
import type { Admission, Clock, ParkedWait, Sounds, Standing } from './ports.ts'
import { noticeFrame } from './queue-notice.ts'
import { OwnItems, type Ids } from './realtime/own-item.ts'
import { hearing, type Hearing } from './realtime/session-format.ts'
import type { Refusal } from './refusal.ts'
import { Speaker } from './speaker.ts'
import { Wishes, type Keeping } from './wishes.ts'

/** Whom the waiter speaks for and to. */
export interface Audience {
  say(frame: string): void
  giveUp(): void
  refuse(refusal: Refusal): void
  /** Runs what a promise has brought. */
  guard(work: () => void): void
  fault(error: unknown): void
  /** It wants its next tick at another time, or has more to keep. */
  changed(): void
}

export class Waiter {
  /** Items of ours that the caller knows: it may ask for them for as long as it talks. */
  readonly items: OwnItems
  readonly ids: Ids
  readonly #terms: CallTerms
  readonly #clock: Clock
  readonly #speaker: Speaker
  readonly #audience: Audience
  readonly #wishes: Wishes
  #hold: Hold | undefined

  /** `parked`: the wait goes on that an earlier life of its host has left, in silence. */
  constructor(ids: Ids, terms: CallTerms, clock: Clock, sounds: Sounds, audience: Audience, parked?: ParkedWait) {
    this.ids = ids
    this.items = new OwnItems(parked?.items)
    this.#terms = terms
    this.#clock = clock
    this.#audience = audience
    this.#speaker = new Speaker(ids, this.items, terms.hold, clock, sounds, {
      say: (frame) => audience.say(frame),
      spoken: () => this.#take({ is: 'spoken', at: clock.now() }),
      guard: (work) => audience.guard(work),
      fault: (error) => audience.fault(error),
    })
    this.#wishes = new Wishes(this.items, this.ids, parked?.wishes)
    this.#hold = parked?.hold
  }

  /** When it wants its next tick (ms since 1970); undefined when never. */
  get nextAt(): number | undefined {
    return this.#hold && nextAt(this.#hold)
  }

  /** What it is told from when (ms since 1970), and the wait as plain data; undefined once it has no place any more. */
  get place(): { newsAt: number; parked(): ParkedWait } | undefined {
    const hold = this.#hold
    if (hold?.state !== 'waiting') return undefined
    const parked = () => ({ hold, items: this.items.all, wishes: this.#wishes.frames, nextId: this.ids.next })
    return { newsAt: newsAt(hold), parked }
  }

  /** `place` counts from 0, as the gate has it. */
  joined(place: number, etaMs: number | null): void {
    const { patienceMs, hold } = this.#terms
    const repeatMs = hold.repeatSeconds === 0 ? null : hold.repeatSeconds * 1000
    this.#take({ is: 'joined', at: this.#clock.now(), place: place + 1, etaMs, patienceMs, repeatMs })
  }

  /** It can have no place, and hears why. */
  full(refusal: Refusal): void {
    this.#take({ is: 'full', at: this.#clock.now(), refusal })
  }

  /** A time has come that it asked for; `standing`: as its desk has it now. */
  tick(standing?: Standing): void {
    const at = this.#clock.now()
    if (standing === undefined) this.#take({ is: 'tick', at })
    else this.#take({ is: 'moved', at, place: standing.place + 1, etaMs: standing.etaMs })
  }

  /** What its desk answers when it asks again how it stands. */
  told(answer: Exclude<Admission, { is: 'granted' }>): void {
    if (answer.is === 'queued') this.tick(answer)
    else this.turnedAway(answer.refusal)
  }

  turnedAway(refusal: Refusal): void {
    this.#take({ is: 'turnedAway', at: this.#clock.now(), refusal })
  }

  /** The caller is put through: what it wished for in the meantime, in order. */
  served(): string[] {
    this.#take({ is: 'served', at: this.#clock.now() })
    return this.#wishes.drain()
  }

  hungUp(): void {
    this.#take({ is: 'hungUp', at: this.#clock.now() })
    this.#speaker.stop()
  }

  /** Keeps what the caller says; answers what is about our own items. */
  keep(frame: string, type: string): Keeping {
    const keeping = this.#wishes.keep(frame, type)
    if (keeping.is === 'answered') this.#audience.say(keeping.frame)
    if (keeping.is === 'cancelled') {
      this.#speaker.hush('caller')
      this.#take({ is: 'spoken', at: this.#clock.now() })
    }
    if (keeping.is === 'kept' || keeping.is === 'answered') this.#audience.changed()
    return keeping
  }

  #take(event: HoldEvent): void {
    const { hold, actions } = hear(this.#hold, event)
    this.#hold = hold
    for (const action of actions) this.#act(action)
    if (this.#hold === hold) this.#audience.changed() // else an action was a step of its own, and has said so
  }

  #act(action: HoldAction): void {
    switch (action.do) {
      case 'tell':
        return this.#audience.say(noticeFrame(action.notice, this.ids('event')))
      case 'speak':
        return this.#speaker.speak(action.line, this.#hearing)
      case 'hush':
        return this.#speaker.hush('broker')
      case 'giveUp':
        return this.#audience.giveUp()
      case 'refuse':
        return this.#audience.refuse(action.refusal)
      default:
        action satisfies never
    }
  }

  get #hearing(): Hearing {
    return hearing(this.#wishes.session, this.#terms.pinned, this.#terms.hold.format)
  }
}
