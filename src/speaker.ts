// Says a line of ours: its words, and its sound once that has come, each frame in time. Knows no call and no wait. Rules H1, H2, H4.
import type { HoldSettings } from './hold-settings.ts'
import { speechLeadMs, speechTimeoutMs } from './limits.ts'
import { shippedWording, wording, type Line, type SoundSource, type Wording } from './lines.ts'
import type { Clock, Sounds } from './ports.ts'
import type { Ids, OwnItem } from './realtime/own-item.ts'
import type { Hearing } from './realtime/session-format.ts'
import { Utterance, type CutBy } from './realtime/synth.ts'
import type { Recording } from './sound.ts'

/** The conversation as the listener knows it: what is said goes after its last item. */
export interface Conversation {
  readonly last: string | null
  add(item: OwnItem): void
}

/** Who listens. */
export interface Ear {
  say(frame: string): void
  /** The line was given to the end, or there is no sound for it. */
  spoken(): void
  /** Runs what a sound that has come, or cannot be had, leads to. */
  guard(work: () => void): void
  fault(error: unknown): void
}

export class Speaker {
  readonly #ids: Ids
  readonly #conversation: Conversation
  readonly #hold: HoldSettings
  readonly #clock: Clock
  readonly #sounds: Sounds
  readonly #ear: Ear
  /** The line that was begun last, over or not. */
  #utterance: { said: Utterance; since: number } | undefined
  #cancel: (() => void) | undefined
  /** Counts the lines that were begun, so that a sound that comes late is not said. */
  #lines = 0

  constructor(ids: Ids, conversation: Conversation, hold: HoldSettings, clock: Clock, sounds: Sounds, ear: Ear) {
    this.#ids = ids
    this.#conversation = conversation
    this.#hold = hold
    this.#clock = clock
    this.#sounds = sounds
    this.#ear = ear
  }

  speak(line: Line, hearing: Hearing): void {
    const begun = { line, hearing, mine: ++this.#lines, since: this.#clock.now() }
    this.#voice(begun, wording(line, this.#hold.language, this.#hold.lines, hearing))
  }

  /** Breaks the line off, where one is being said. */
  hush(by: CutBy): void {
    this.stop()
    for (const frame of this.#utterance?.said.cut(by) ?? []) this.#ear.say(frame)
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#lines++
    this.#cancel?.()
  }

  /** Says the words when their sound has come. An upload that cannot be had gives way to our own line, words and sound. */
  #voice(begun: Begun, { text, sound }: Wording): void {
    const { hearing } = begun
    if (sound === null || hearing.as === 'text') return this.#utter(begun, text, undefined)
    this.#sounds.load(sound, hearing.format).then(
      (recording) => this.#ear.guard(() => this.#utter(begun, text, recording)),
      (error: unknown) => this.#ear.guard(() => this.#missed(begun, sound, error)),
    )
  }

  #missed(begun: Begun, sound: SoundSource, error: unknown): void {
    this.#ear.fault(error)
    if (begun.mine !== this.#lines) return
    if (sound.is === 'uploaded') this.#voice(begun, shippedWording(begun.line, this.#hold.language, begun.hearing))
    else this.#ear.spoken()
  }

  #utter({ line, mine, since }: Begun, text: string, recording: Recording | undefined): void {
    const now = this.#clock.now()
    if (mine !== this.#lines || now >= since + speechTimeoutMs) return // while its sound was on the way it was hushed, or given up
    const words = { name: line, text, ...(recording !== undefined && { recording }) }
    const said = new Utterance(words, this.#ids, this.#conversation.last)
    this.#conversation.add(said.item)
    this.#utterance = { said, since: now }
    this.#pump()
  }

  /** Says what is due, a little ahead of the clock; then, that the line has been given. */
  #pump(): void {
    const { said, since } = this.#utterance ?? {}
    if (said === undefined || since === undefined) return
    const elapsed = this.#clock.now() - since
    for (const frame of said.due(elapsed + speechLeadMs)) this.#ear.say(frame)
    if (said.nextMs === undefined) return this.#ear.spoken()
    this.#cancel = this.#clock.after(Math.max(1, said.nextMs - speechLeadMs - elapsed), () => this.#pump())
  }
}

/** `since`: when it was asked for (ms since 1970). */
interface Begun {
  line: Line
  hearing: Hearing
  mine: number
  since: number
}
