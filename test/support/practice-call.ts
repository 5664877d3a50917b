// One call from end to end without a socket: a caller with a will of its own, the real exchange, the practice upstream. Its host may die.
import type { Dice } from './dice.ts'
import { PracticeLine } from './practice-line.ts'
import type { UsageReport } from '../../sim/stage.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { Exchange } from '../../src/exchange.ts'
import { heartbeatJitter, heartbeatMs } from '../../src/limits.ts'
import { shippedPrices } from '../../src/price-table.ts'
import type { Admission, Brings, CallRef, Clock, Desks, Frame, Offer, Socket, Sounds, Word } from '../../src/ports.ts'
import { bytesPerMs, recorded } from '../../src/sound.ts'
import type { Why } from '../../src/refusal.ts'
import { upstreamsOf, type UpstreamSpec } from '../../src/upstream.ts'

const [upstream] = upstreamsOf(undefined, undefined) as [UpstreamSpec]
const options = {
  pace: 4,
  latencyMs: 200,
  deltaMs: 1_000,
  replySentences: 1,
  says: ['Of course, I will see to it.', 'Yes.'],
} as const
/** What is committed at once, the least that may be: 100 ms of silence. */
const breath = Buffer.alloc(100 * bytesPerMs['audio/pcm']).toString('base64')
const sounds: Sounds = { load: async (_, format) => recorded(format, new Uint8Array(1_000 * bytesPerMs[format])) }

export interface CallHost {
  clock: Clock
  roll: Dice['roll']
  desks: Desks
  report(report: UsageReport): void
  /** It is over for its host, or its host has died. */
  gone(call: PracticeCall): void
  fault(error: unknown): void
}

export class PracticeCall implements Socket {
  readonly offer: Offer
  readonly reports: UsageReport[] = []
  readonly errors: string[] = []
  readonly buffered = 0
  /** When its host died (ms). */
  died: number | undefined
  /** It heard from its desk that it has a line, a place, or neither. */
  answered = false
  /** Why its desk would not have it. */
  refused: Why | undefined
  readonly #host: CallHost
  readonly #line: PracticeLine
  readonly #began: number
  #exchange: Exchange | undefined
  #ref: CallRef | undefined
  #turns: number
  #closing = false
  #cancelTick: (() => void) | undefined

  constructor(offer: Offer, host: CallHost) {
    this.offer = offer
    this.#host = host
    this.#began = host.clock.now()
    this.#turns = host.roll(5)
    this.#line = new PracticeLine({
      clock: host.clock,
      options,
      model: offer.model,
      report: (report) => {
        this.reports.push(report)
        host.report(report)
      },
    })
  }

  /** A desk that fails is asked once more, as the Worker does. */
  async begin(): Promise<void> {
    const { desks } = this.#host
    const admission = await desks.admit(this.offer).catch(() => desks.admit(this.offer).catch(() => undefined))
    if (admission !== undefined && 'refusal' in admission) this.refused = admission.refusal.why
    if (admission === undefined || admission.is === 'refused') return this.#host.gone(this)
    this.#start(admission)
  }

  seated(): void {
    if (this.died === undefined) this.#exchange?.seated()
  }

  told(word: Word): void {
    if (this.died === undefined) this.#exchange?.told(word)
  }

  /** Its host is gone, with all that it had in mind; the provider learns it later. */
  die(): void {
    if (this.died !== undefined || this.#exchange === undefined || this.#exchange.ended) return
    const { clock, roll } = this.#host
    this.died = clock.now()
    this.#line.deafen()
    clock.after(roll(2_000), () => this.#line.end())
    this.#host.gone(this)
    if (roll(3) > 0) clock.after(roll(20_000), () => void this.#reportReset()) // else its lease runs out
  }

  send(frame: Frame): void {
    const [, type] = /^\{"type":"([^"]+)"/.exec(String(frame)) ?? []
    if (type === 'session.created') this.#configure()
    else if (type === 'response.created' && this.#host.roll(6) === 0) this.#breakOff()
    else if (type === 'response.done') this.#after(this.#host.roll(8_000), () => this.#turn())
    else if (type === 'error') this.errors.push((JSON.parse(String(frame)) as { error: { code: string } }).error.code)
  }

  close(code: number, reason: string): void {
    this.#after(0, () => this.#hangUp(code, reason))
  }

  #start(admission: Exclude<Admission, { is: 'refused' }>): void {
    const exchange = new Exchange(
      this.offer,
      { upstream, url: 'practice:' },
      admission.terms,
      this.#began,
      this.#brings(),
    )
    this.answered = true
    this.#exchange = exchange
    this.#ref = exchange.ref
    this.#beat()
    exchange.begin(this, admission)
    this.#after(5_000 + this.#host.roll(90_000), () => this.#hangUp(1000, '')) // whatever it waits for
  }

  #brings(): Brings {
    const host = this.#host
    return {
      clock: { now: () => host.clock.now(), after: (ms, work) => this.#after(ms, work) },
      desks: this.#own(host.desks),
      upstream: this.#line,
      sounds,
      prices: shippedPrices,
      guard: (work) => work(),
      fault: (error) => host.fault(error),
      settled: () => {
        this.#exchange = undefined
        host.gone(this)
      },
      waits: (at) => {
        this.#cancelTick?.()
        if (at !== undefined) this.#cancelTick = this.#after(at - host.clock.now(), () => this.#exchange?.tick())
      },
    }
  }

  /** What was asked by a life that is over is answered to nobody. */
  #own(desks: Desks): Desks {
    const alive = async <T>(answer: () => Promise<T>): Promise<T> => {
      const never = new Promise<T>(() => undefined)
      if (this.died !== undefined) return never
      try {
        const said = await answer()
        return this.died === undefined ? said : await never
      } catch (error) {
        if (this.died !== undefined) return never
        throw error
      }
    }
    return {
      admit: (offer) => alive(() => desks.admit(offer)),
      renew: (ref, load, progress) => alive(() => desks.renew(ref, load, progress)),
      leave: (ref) => alive(() => desks.leave(ref)),
      debit: (ref, entries, progress) => alive(() => desks.debit(ref, entries, progress)),
      end: (ref, entries, record) => alive(() => desks.end(ref, entries, record)),
    }
  }

  #configure(): void {
    const { roll } = this.#host
    const transcription = roll(3) === 0 ? { model: roll(2) === 0 ? 'whisper-1' : 'gpt-4o-mini-transcribe' } : null
    const modality = roll(8) === 0 ? 'audio' : 'text'
    const audio = { input: { turn_detection: null, transcription } }
    this.#say({ type: 'session.update', session: { type: 'realtime', output_modalities: [modality], audio } })
    this.#after(roll(2_000), () => this.#turn())
    if (roll(15) === 0) this.#after(roll(20_000), () => this.#line.drop(1011))
  }

  #turn(): void {
    if (this.#closing) return
    if (this.#turns-- <= 0) return this.#hangUp(1000, '')
    if (this.#host.roll(2) === 0) {
      this.#say({ type: 'input_audio_buffer.append', audio: breath })
      this.#say({ type: 'input_audio_buffer.commit' })
    }
    if (this.#host.roll(6) === 0) this.#say({ type: 'response.create', response: { conversation: 'none' } })
    this.#say({ type: 'response.create' })
  }

  #breakOff(): void {
    const { roll } = this.#host
    if (roll(2) === 0) this.#after(roll(600), () => this.#hangUp(1001, ''))
    else this.#after(roll(600), () => this.#say({ type: 'response.cancel' }))
  }

  #say(event: object): void {
    if (!this.#closing) this.#after(0, () => this.#exchange?.fromCaller(JSON.stringify(event)))
  }

  #hangUp(code: number, reason: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#exchange?.callerGone(code, reason)
  }

  #beat(): void {
    const spread = (heartbeatMs * heartbeatJitter * this.#host.roll(1_000)) / 1_000
    this.#after(heartbeatMs - spread, () => {
      if (this.#exchange === undefined) return
      this.#beat()
      void this.#exchange.heartbeat()
    })
  }

  /** The next life of its host tells the desk, until it has taken it in. */
  async #reportReset(): Promise<void> {
    const { clock, desks } = this.#host
    if (this.#ref === undefined) return
    try {
      await desks.end(this.#ref, [], lostRecord(this.offer.model, clock.now() - this.#began))
    } catch {
      clock.after(heartbeatMs, () => void this.#reportReset())
    }
  }

  #after(ms: number, work: () => void): () => void {
    return this.#host.clock.after(ms, () => {
      if (this.died === undefined) work()
    })
  }
}
