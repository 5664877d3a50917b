// Tells a call's desk what the call uses, beside the relay: at once, one word at a time, and again what failed. Knows no wire. Rules L1, L4.
import type { CallRef, Clock, Desks } from './ports.ts'
import type { Notice } from './realtime/notice.ts'
import type { Refusal } from './refusal.ts'
import type { Tab } from './tab.ts'

export interface Poster {
  readonly ref: CallRef
  /** Replies that run now, by id. */
  running(): readonly string[]
  /** Its desk says that it may not go on. `running`: the replies that ran when the desk was asked; what has begun since is not to be paid for. */
  withdrawn(refusal: Refusal, running: readonly string[]): void
  fault(error: unknown): void
}

export class Posting {
  readonly #tab: Tab
  readonly #clock: Clock
  readonly #desks: Desks
  readonly #poster: Poster
  #under: Promise<void> | undefined
  /** Something was reported, or a reply has begun or ended, that the desk was not told of. */
  #news = false
  #transcription = 'unknown'

  constructor(tab: Tab, { clock, desks }: { clock: Clock; desks: Desks }, poster: Poster) {
    this.#tab = tab
    this.#clock = clock
    this.#desks = desks
    this.#poster = poster
  }

  /** Takes down what a provider's event says of usage; whether the desk is to be told. */
  noticed(notice: Notice): boolean {
    if (notice.is === 'session') this.#transcription = notice.transcription ?? this.#transcription
    else if (notice.is === 'began') this.#tab.began(notice.reply, notice.most)
    else if (notice.is === 'transcribed') this.#tab.transcription(notice.item, this.#transcription, notice.usage)
    else if (notice.is === 'finished') this.#tab.reply(notice.reply, notice.usage, this.#clock.now())
    return notice.is === 'began' || notice.is === 'transcribed' || notice.is === 'finished'
  }

  /** There is news. */
  tell(): void {
    this.#news = true
    void this.#post()
  }

  /** Renews the lease, and tells again what the desk has not taken in. Rejects where the desk cannot be reached. */
  async renew(): Promise<void> {
    const now = this.#clock.now()
    const { ref } = this.#poster
    const running = this.#poster.running()
    const renewal = await this.#desks.renew(ref, this.#tab.load(now), this.#tab.progress(now))
    if (renewal.is === 'withdrawn') this.#poster.withdrawn(renewal.refusal, running)
    if (this.#tab.unposted().length > 0) this.#news = true
    await this.#post()
  }

  /** What fails is sent again with the next news or heartbeat: the desk knows each report by its id. */
  async #post(): Promise<void> {
    while (this.#news && this.#under === undefined) {
      this.#under = this.#send().finally(() => (this.#under = undefined))
      await this.#under
    }
  }

  async #send(): Promise<void> {
    const [now, entries, running] = [this.#clock.now(), this.#tab.unposted(), this.#poster.running()]
    this.#news = false
    try {
      const { metered, hold } = this.#tab.progress(now)
      const progress = { ...(entries.length > 0 && { metered }), ...(hold !== undefined && { hold }) }
      const renewal = await this.#desks.debit(this.#poster.ref, entries, progress)
      this.#tab.posted(entries)
      if (renewal.is === 'withdrawn') this.#poster.withdrawn(renewal.refusal, running)
    } catch (error) {
      this.#poster.fault(error)
    }
  }
}
