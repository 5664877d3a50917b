// The frame path of one call, both ways: bytes as they came, in the handler that received them. Knows no desk and no life of the call.
import { Brake, Lag } from './brake.ts'
import { Early } from './early.ts'
import { Earshot } from './earshot.ts'
import { bytesPerSecond, earlyEventBytes, earlyEvents, framesPerSecond, lagBytes, lagMs } from './limits.ts'
import { otherModel, pinnedFrame, pinningFrame } from './pin.ts'
import type { CallTerms } from './plan.ts'
import type { Clock, Frame, Socket } from './ports.ts'
import { readEvent } from './realtime/control-event.ts'
import { isNoticed, readNotice, withoutOrganisation, type Notice } from './realtime/notice.ts'
import { audioDelta, isAudioDelta, sniff } from './realtime/sniff.ts'
import { mentionsOurs } from './realtime/own-item.ts'
import type { Refusal } from './refusal.ts'
import type { Waiter } from './waiter.ts'

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

const append = 'input_audio_buffer.append'
const tooFast: Refusal = { why: 'too_fast', details: { frames: framesPerSecond, bytes: bytesPerSecond } }
const tooEarly: Refusal = { why: 'early_too_much', details: { events: earlyEvents, bytes: earlyEventBytes } }
const lagging = { bytes: lagBytes, ms: lagMs }

export class Relay {
  readonly earshot: Earshot
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
  /** While the caller waits, and for its questions about what it heard then. */
  #waiter: Waiter | undefined
  #waits = false
  #wishes: string[] = []
  /** Why nothing new is begun. */
  #wraps: Refusal | undefined
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
    this.earshot = new Earshot(terms)
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

  /** From now on the waiter keeps what the caller says. */
  wait(waiter: Waiter): void {
    this.#waiter = waiter
    this.#waits = true
  }

  /** The wait is over: what was wished for goes upstream before all else. */
  putThrough(wishes: string[]): void {
    this.#waits = false
    this.#wishes = wishes
  }

  /** From now on frames go upstream, those of before first, in order (C2). */
  connect(upstream: Socket): void {
    this.#upstream = upstream
    if (this.#terms.pinned !== null) upstream.send(pinningFrame(this.#terms.pinned))
    for (const frame of this.#wishes.splice(0)) upstream.send(frame)
    for (const frame of this.#early.drain()) upstream.send(frame)
  }

  /** From now on nothing new is begun: the caller's audio is nobody's turn, and who asks for a reply is told why there is none (C9). */
  wrap(refusal: Refusal): void {
    this.#wraps = refusal
  }

  toCaller(frame: Frame): void {
    if (this.#unheard !== undefined) this.#unheard.push(frame)
    else if (this.#caller !== undefined) {
      this.#caller.send(frame)
      if (this.#callerLag.due(frame.length)) this.#lookAtCaller(this.#caller)
    }
  }

  closeCaller(code: number, reason: string): void {
    this.#caller?.close(code, reason)
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
    } else if (!this.#brake.take(frame.length, this.#clock.now()) && !this.#slowed())
      this.#listener.cut('caller', tooFast)
    else if (typeof frame !== 'string') this.#listener.refused({ why: 'event_binary' }, undefined)
    else {
      const type = sniff(frame)
      if (type === append && this.#wraps === undefined) this.#forward(frame, type)
      else if (type === undefined) this.#control(frame)
      else this.#say(frame, type) // flat: it configures nothing
    }
  }

  fromUpstream(frame: Frame): void {
    if (this.#muted) return typeof frame === 'string' ? this.#notice(frame) : undefined
    if (typeof frame !== 'string') return this.toCaller(frame)
    const type = isAudioDelta(frame) ? audioDelta : sniff(frame)
    if (type === undefined || isNoticed(type)) return this.#hear(frame)
    this.toCaller(frame)
    if (type === audioDelta) this.#heard(frame)
    else if (type === 'input_audio_buffer.speech_stopped') this.#turnEndedAt = this.#clock.now()
    else if (type === 'input_audio_buffer.speech_started') this.earshot.hushed()
  }

  /** A peer that takes nothing any more gets no frame to notice it by: also looked at with each heartbeat. */
  look(): void {
    if (this.#caller !== undefined) this.#lookAtCaller(this.#caller)
    if (this.#upstream !== undefined) this.#lookAtUpstream(this.#upstream)
  }

  /** A caller that is too fast is not read for a while, where its host can; else the call must end (C8). */
  #slowed(): boolean {
    if (this.#caller?.rest === undefined) return false
    this.#caller.rest(this.#brake.overMs)
    return true
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
    if (this.#wraps !== undefined) {
      if (type.startsWith('input_audio_buffer.')) return
      if (type === 'response.create') return this.#listener.refused(this.#wraps, nameOf(frame))
    }
    if (type === 'conversation.item.truncate') this.earshot.hushed()
    if (type === 'response.create' && !this.#waits) this.#turnEndedAt ??= this.#clock.now()
    const waiter = this.#waiter
    if (waiter !== undefined && this.#waits) this.#keep(waiter, frame, type)
    else if (waiter !== undefined && mentionsOurs(frame)) this.#ask(waiter, frame, type)
    else this.#forward(frame, type)
  }

  #keep(waiter: Waiter, frame: string, type: string): void {
    const keeping = waiter.keep(frame, type)
    if (keeping.is === 'tooMuch') this.#listener.cut('caller', tooEarly)
    if (keeping.is === 'refused') this.#listener.refused(keeping.refusal, keeping.causedBy)
  }

  /** After the wait: a question about an item of ours is answered here, all else goes on its way (H2). */
  #ask(waiter: Waiter, frame: string, type: string): void {
    const reading = readEvent(frame)
    const answer = reading.is === 'event' ? waiter.items.answer(reading.event, waiter.ids) : undefined
    if (answer?.is === 'answered') this.toCaller(answer.frame)
    else if (answer?.is === 'refused') this.#listener.refused(answer.refusal, answer.causedBy)
    else if (answer === undefined || answer.is === 'rewritten') this.#forward(answer?.frame ?? frame, type)
  }

  #forward(frame: string, type: string): void {
    if (this.#waits) return // audio: nobody hears it
    if (this.#upstream === undefined) {
      if (!this.#early.keep(frame, type === append)) this.#listener.cut('caller', tooEarly)
      return
    }
    this.#upstream.send(frame)
    if (this.#upstreamLag.due(frame.length)) this.#lookAtUpstream(this.#upstream)
  }

  /** A provider's event that nests or escapes, or of which something is to be known: passed on, then read. */
  #hear(frame: string): void {
    this.toCaller(withoutOrganisation(frame))
    this.#notice(frame)
  }

  #notice(frame: string): void {
    const notice = readNotice(frame)
    if (notice?.is === 'joined') return this.earshot.add({ id: notice.item })
    if (notice?.is === 'session') this.earshot.session(notice.hears)
    if (notice !== undefined) this.#listener.noticed(notice)
  }

  #heard(delta: string): void {
    const now = this.#clock.now()
    this.earshot.audio(delta, now)
    if (this.#turnEndedAt === undefined) return
    this.#listener.firstAudio(now - this.#turnEndedAt)
    this.#turnEndedAt = undefined
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

/** The caller's own id of an event, so that an answer can name it. */
function nameOf(frame: string): string | undefined {
  const reading = readEvent(frame)
  return reading.is === 'event' && typeof reading.event.event_id === 'string' ? reading.event.event_id : undefined
}
