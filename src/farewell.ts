// The last that a caller hears of its call: the reply to its end, a line of ours, why it is over, the close. Each when it is told to; knows
// no state of the call. Rules C9, H5.
import type { Action } from './call.ts'
import { lateCloseMs } from './limits.ts'
import type { Line } from './lines.ts'
import type { HoldSettings } from './hold-settings.ts'
import type { Brings } from './ports.ts'
import type { Ids } from './realtime/own-item.ts'
import { errorEvent, type Refusal } from './refusal.ts'
import type { Relay } from './relay.ts'
import { Speaker } from './speaker.ts'

/** `heard`: all that the provider has said; `spoken`: our line was given, or there is no sound for it. */
type Happened = (what: 'heard' | 'spoken') => void

export function tooLong(longestMs: number): Refusal {
  return { why: 'call_too_long', details: { minutes: Math.round(longestMs / 6_000) / 10 } }
}

export class Farewell {
  readonly #relay: Relay
  readonly #ids: Ids
  readonly #host: Brings
  readonly #happened: Happened
  readonly #speaker: Speaker

  constructor(call: string, relay: Relay, ids: Ids, hold: HoldSettings, host: Brings, happened: Happened) {
    this.#relay = relay
    this.#ids = ids
    this.#host = host
    this.#happened = happened
    this.#speaker = new Speaker(ids, relay.earshot, hold, host.clock, host.sounds, {
      say: (frame) => relay.toCaller(frame),
      spoken: () => happened('spoken'),
      guard: host.guard,
      fault: (error) => host.fault(error, call),
    })
  }

  /** A provider is done long before its audio is heard. Returns what takes it back. */
  hearOut(): () => void {
    const { clock } = this.#host
    const leftMs = this.#relay.earshot.leftMs(clock.now())
    if (leftMs > 0) return clock.after(leftMs, () => this.#happened('heard'))
    this.#happened('heard')
    return () => undefined
  }

  /** In the form in which the call is heard now. */
  speak(line: Line): void {
    this.#speaker.speak(line, this.#relay.earshot.hearing)
  }

  hush(): void {
    this.#speaker.hush('broker')
  }

  /** Also of an event that is answered in mid-call. */
  tell(refusal: Refusal, causedBy: string | undefined): void {
    this.#relay.toCaller(JSON.stringify(errorEvent(refusal, this.#ids('event'), causedBy)))
  }

  close({ code, reason, late }: Action & { do: 'closeCaller' }): void {
    const close = (): void => this.#relay.closeCaller(code, reason)
    this.#relay.afterWords(late ? () => void this.#host.clock.after(lateCloseMs, close) : close)
  }
}
