// Carries out what hold.ts decides for one waiting caller: its words, its lines in time, its wishes. Knows no desk and no socket.
import { hear, newsAt, nextAt, type Hold, type HoldAction, type HoldEvent } from './hold.ts'
import { speechLeadMs } from './limits.ts'
import { shippedWording, wording, type Line, type Wording } from './lines.ts'
import type { CallTerms } from './plan.ts'
import type { Clock, ParkedWait, Sounds, Standing } from './ports.ts'
import { noticeFrame } from './queue-notice.ts'
import { OwnItems, type Ids } from './realtime/own-item.ts'
import { hearing, type Hearing } from './realtime/session-format.ts'
import { Utterance } from './realtime/synth.ts'
import type { Refusal } from './refusal.ts'
import type { Recording } from './sound.ts'
import { Wishes, type Keeping } from './wishes.ts'

/** Whom the waiter speaks for and to. */
export interface Audience {
  say(frame: string): void
  giveUp(): void
  refuse(refusal: Refusal): void
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
  readonly #sounds: Sounds
  readonly #audience: Audience
  readonly #wishes: Wishes
  #hold: Hold | undefined
  /** The line that was begun last, over or not. */
  #utterance: { said: Utterance; since: number } | undefined
  #cancelSpeech: (() => void) | undefined
  /** Counts the lines that were begun, so that a sound that comes late is not said. */
  #lines = 0

  /** `parked`: the wait goes on that an earlier life of its host has left, in silence. */
  constructor(ids: Ids, terms: CallTerms, clock: Clock, sounds: Sounds, audience: Audience, parked?: ParkedWait) {
    this.ids = ids
    this.items = new OwnItems(parked?.items)
    this.#terms = terms
    this.#clock = clock
    this.#sounds = sounds
    this.#audience = audience
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
    this.#cancelSpeech?.()
  }

  /** Keeps what the caller says; answers what is about our own items. */
  keep(frame: string, type: string): Keeping {
    const keeping = this.#wishes.keep(frame, type)
    if (keeping.is === 'answered') this.#audience.say(keeping.frame)
    if (keeping.is === 'cancelled') this.#quiet('caller')
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
        return this.#speak(action.line)
      case 'hush':
        return this.#quiet('broker')
      case 'giveUp':
        return this.#audience.giveUp()
      case 'refuse':
        return this.#audience.refuse(action.refusal)
      default:
        action satisfies never
    }
  }

  #speak(line: Line): void {
    const mine = ++this.#lines
    const { pinned, hold } = this.#terms
    const ear = hearing(this.#wishes.session, pinned, hold.format)
    this.#voice(mine, line, wording(line, hold.language, hold.lines, ear), ear)
  }

  /** Says the words when their sound has come. An upload that cannot be had gives way to our own line, words and sound. */
  #voice(mine: number, line: Line, { text, sound }: Wording, ear: Hearing): void {
    if (sound === null || ear.as === 'text') return this.#utter(mine, line, text, undefined)
    this.#sounds.load(sound, ear.format).then(
      (recording) => this.#utter(mine, line, text, recording),
      (error: unknown) => {
        this.#audience.fault(error)
        if (mine !== this.#lines) return
        const { language } = this.#terms.hold
        if (sound.is === 'uploaded') this.#voice(mine, line, shippedWording(line, language, ear), ear)
        else this.#take({ is: 'spoken', at: this.#clock.now() })
      },
    )
  }

  #utter(mine: number, name: Line, text: string, recording: Recording | undefined): void {
    if (mine !== this.#lines || this.#hold?.speaking?.line !== name) return // it was hushed while its sound was on the way
    const words = { name, text, ...(recording !== undefined && { recording }) }
    const said = new Utterance(words, this.ids, this.items.last)
    this.items.add(said.item)
    this.#utterance = { said, since: this.#clock.now() }
    this.#pump()
  }

  /** Says what is due, a little ahead of the clock; then, that the line has been given. */
  #pump(): void {
    const { said, since } = this.#utterance ?? {}
    if (said === undefined || since === undefined) return
    const elapsed = this.#clock.now() - since
    for (const frame of said.due(elapsed + speechLeadMs)) this.#audience.say(frame)
    if (said.nextMs !== undefined) {
      this.#cancelSpeech = this.#clock.after(Math.max(1, said.nextMs - speechLeadMs - elapsed), () => this.#pump())
    } else this.#take({ is: 'spoken', at: this.#clock.now() })
  }

  #quiet(by: 'broker' | 'caller'): void {
    this.#lines++
    this.#cancelSpeech?.()
    for (const frame of this.#utterance?.said.cut(by) ?? []) this.#audience.say(frame)
    if (by === 'caller') this.#take({ is: 'spoken', at: this.#clock.now() })
  }
}
