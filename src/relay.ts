// The frame path of one call, both ways: bytes as they came, in the handler that received them. Knows no desk and no life of the call.
import { Brake, Lag } from './brake.ts'
import { Early } from './early.ts'
import { bytesPerSecond, earlyEventBytes, earlyEvents, framesPerSecond, lagBytes, lagMs } from './limits.ts'
import { otherModel, pinnedFrame, pinningFrame } from './pin.ts'
import type { CallTerms } from './plan.ts'
import type { Clock, Frame, Socket } from './ports.ts'
import { readEvent } from './realtime/control-event.ts'
import { readNotice, withoutOrganisation, type Notice } from './realtime/notice.ts'
import { sniff } from './realtime/sniff.ts'
import type { Refusal } from './refusal.ts'

/** What the relay tells the one who conducts the call. */
export interface Listener {
  /** A provider's control event, after it went to the caller. */
  noticed(notice: Notice): void
  /** Milliseconds from the end of the caller's turn to the first audio of the answer. */
  firstAudio(ms: number): void
  /** An event that is answered and not passed on; the call goes on. */
  refused(refusal: Refusal, causedBy: string | undefined): void
  /** The call must end. */
  cut(by: 'caller' | 'upstream', refusal: Refusal): void
}

const tooFast: Refusal = { why: 'too_fast', details: { frames: framesPerSecond, bytes: bytesPerSecond } }
const tooEarly: Refusal = { why: 'early_too_much', details: { events: earlyEvents, bytes: earlyEventBytes } }
const lagging = { bytes: lagBytes, ms: lagMs }

export class Relay {
  readonly #clock: Clock
  readonly #listener: Listener
  readonly #model: string
  readonly #terms: CallTerms
  readonly #brake: Brake
  readonly #early = new Early()
  readonly #callerLag = new Lag()
  readonly #upstreamLag = new Lag()
  /** Frames for a caller that may not listen yet (H2); undefined once it does. */
  #unheard: Frame[] | undefined = []
  #muted = false
  #lastWord: (() => void) | undefined
  #caller: Socket | undefined
  #upstream: Socket | undefined
  /** When the caller's turn ended, until its answer is heard. */
  #turnEndedAt: number | undefined

  constructor(model: string, terms: CallTerms, clock: Clock, listener: Listener) {
    this.#model = model
    this.#terms = terms
    this.#clock = clock
    this.#listener = listener
    this.#brake = new Brake(clock.now())
  }

  /** From now on frames go to this caller; `listening` lets go of those that came before. */
  attach(caller: Socket): void {
    this.#caller = caller
  }

  listening(): void {
    const frames = this.#unheard ?? []
    this.#unheard = undefined
    for (const frame of frames) this.toCaller(frame)
    this.#lastWord?.()
  }

  /** Runs `close` once the caller has been sent all that was for it. */
  afterWords(close: () => void): void {
    if (this.#unheard === undefined) close()
    else this.#lastWord = close
  }

  /** From now on frames go upstream, those of before first, in order (C2). */
  connect(upstream: Socket): void {
    this.#upstream = upstream
    if (this.#terms.pinned !== null) upstream.send(pinningFrame(this.#terms.pinned))
    for (const frame of this.#early.drain()) upstream.send(frame)
  }

  toCaller(frame: Frame): void {
    if (this.#unheard !== undefined) this.#unheard.push(frame)
    else if (this.#caller !== undefined) {
      this.#caller.send(frame)
      if (this.#callerLag.due(frame.length)) this.#lookAtCaller(this.#caller)
    }
  }

  /** From now on the provider is heard, for its usage, and not passed on. */
  mute(): void {
    this.#muted = true
  }

  fromCaller(frame: Frame): void {
    if (frame.length > this.#terms.frameBytes) {
      this.#listener.cut('caller', {
        why: 'frame_too_large',
        details: { bytes: frame.length, most: this.#terms.frameBytes },
      })
    } else if (!this.#brake.take(frame.length, this.#clock.now())) this.#listener.cut('caller', tooFast)
    else if (typeof frame !== 'string') this.#listener.refused({ why: 'event_binary' }, undefined)
    else {
      const type = sniff(frame)
      if (type === 'input_audio_buffer.append') this.#forward(frame, true)
      else if (type === undefined) this.#control(frame)
      else this.#say(frame, type) // flat: it configures nothing
    }
  }

  fromUpstream(frame: Frame): void {
    if (this.#muted) return typeof frame === 'string' ? this.#notice(frame) : undefined
    if (typeof frame !== 'string') return this.toCaller(frame)
    const type = sniff(frame)
    if (type === undefined || type === 'error') return this.#hear(frame)
    this.toCaller(frame)
    if (this.#turnEndedAt !== undefined && type === 'response.output_audio.delta') this.#heard(this.#turnEndedAt)
    else if (type === 'input_audio_buffer.speech_stopped') this.#turnEndedAt = this.#clock.now()
  }

  /** A peer that takes nothing any more gets no frame to notice it by: also looked at with each heartbeat. */
  look(): void {
    if (this.#caller !== undefined) this.#lookAtCaller(this.#caller)
    if (this.#upstream !== undefined) this.#lookAtUpstream(this.#upstream)
  }

  /** An event that nests or escapes: read within bounds before it is passed on. */
  #control(frame: string): void {
    const reading = readEvent(frame)
    if (reading.is === 'bad') return this.#listener.refused(reading.refusal, undefined)
    const { event } = reading
    const refusal = otherModel(event, this.#model)
    const causedBy = typeof event.event_id === 'string' ? event.event_id : undefined
    if (refusal !== undefined) return this.#listener.refused(refusal, causedBy)
    const held = this.#terms.pinned === null ? undefined : pinnedFrame(event, this.#terms.pinned)
    this.#say(held ?? frame, event.type)
  }

  #say(frame: string, type: string): void {
    if (type === 'response.create') this.#turnEndedAt ??= this.#clock.now()
    this.#forward(frame, type === 'input_audio_buffer.append')
  }

  #forward(frame: string, isAudio: boolean): void {
    if (this.#upstream === undefined) {
      if (!this.#early.keep(frame, isAudio)) this.#listener.cut('caller', tooEarly)
      return
    }
    this.#upstream.send(frame)
    if (this.#upstreamLag.due(frame.length)) this.#lookAtUpstream(this.#upstream)
  }

  /** A provider's event that nests or escapes: passed on, then read. */
  #hear(frame: string): void {
    this.toCaller(withoutOrganisation(frame))
    this.#notice(frame)
  }

  #notice(frame: string): void {
    const notice = readNotice(frame)
    if (notice !== undefined) this.#listener.noticed(notice)
  }

  #heard(turnEndedAt: number): void {
    this.#turnEndedAt = undefined
    this.#listener.firstAudio(this.#clock.now() - turnEndedAt)
  }

  #lookAtCaller(caller: Socket): void {
    if (this.#callerLag.stalled(caller.buffered, this.#clock.now())) {
      this.#listener.cut('caller', { why: 'caller_slow', details: lagging })
    }
  }

  #lookAtUpstream(upstream: Socket): void {
    if (this.#upstreamLag.stalled(upstream.buffered, this.#clock.now())) {
      this.#listener.cut('upstream', { why: 'upstream_slow', details: lagging })
    }
  }
}
