// Carries out what call.ts decides for one call: desk, dial, sockets, timers. It is its provider's line. Knows no host and no frame's content.
import { offered, step, type Action, type Call, type CallEvent, type Outcome, type Party } from './call.ts'
import { dial, type Dialling } from './dialling.ts'
import { Farewell, tooLong } from './farewell.ts'
import { firstFrameDelayMs } from './limits.ts'
import { timesOf, type Moments } from './moments.ts'
import type { CallTerms } from './plan.ts'
import type {
  Admission,
  Brings,
  CallRef,
  Line,
  Offer,
  Parked,
  ParkedWait,
  Socket,
  Standing,
  Target,
  Word,
} from './ports.ts'
import { Posting } from './posting.ts'
import { noticeFrame } from './queue-notice.ts'
import type { Notice } from './realtime/notice.ts'
import { idsOf, type Ids } from './realtime/own-item.ts'
import type { Refusal } from './refusal.ts'
import { Relay, type Listener } from './relay.ts'
import { ratesOf, Tab } from './tab.ts'
import { Waiter } from './waiter.ts'

const briefMs = 1_000 // an error so shortly before a close explains it; most end nothing

export class Exchange implements Line, Listener {
  readonly #offer: Offer
  readonly #target: Target
  readonly #terms: CallTerms
  readonly #host: Brings
  readonly #relay: Relay
  readonly #tab: Tab
  readonly #posting: Posting
  readonly #moments: Moments
  readonly #ids: Ids
  readonly #farewell: Farewell
  #waiter: Waiter | undefined
  #call: Call = offered
  #dial: Dialling | undefined
  #upstream: Socket | undefined
  #timers: (() => void)[] = []
  #firstAudioMs: number | null = null
  #upstreamErrorAt = -Infinity
  #outcome: Outcome | undefined

  /** `offeredAt`: when its upgrade came in (ms). */
  constructor(offer: Offer, target: Target, terms: CallTerms, offeredAt: number, host: Brings) {
    this.#offer = offer
    this.#target = target
    this.#terms = terms
    this.#host = host
    this.#moments = { offered: offeredAt }
    this.#relay = new Relay(offer.model, terms, host.clock, this)
    this.#tab = new Tab(ratesOf(offer, target, terms, host))
    this.#posting = new Posting(this.#tab, host, {
      ref: this.ref,
      running: () => this.#call.replies,
      withdrawn: (refusal, running) => this.wrapUp(refusal, running),
      fault: (error) => host.fault(error, offer.call),
    })
    this.#ids = idsOf(offer.call)
    this.#farewell = new Farewell(offer.call, this.#relay, this.#ids, terms.hold, host, (is) => this.#step({ is }))
  }

  /** How the desk knows this call. */
  get ref(): CallRef {
    const { call, tenant, agent, caller, model, pool } = this.#offer
    return { call, tenant, key: this.#terms.key, agent, caller, model, pool }
  }

  /** Over for its desk and its provider: its caller may still hear our last line. */
  get ended(): boolean {
    return this.#call.state === 'ended' || this.#call.state === 'parting'
  }

  /** The caller's socket is open: the call begins, with what its desk has said. */
  begin(caller: Socket, admission: Exclude<Admission, { is: 'refused' }>): void {
    this.#relay.attach(caller)
    this.#host.clock.after(firstFrameDelayMs, () => this.#relay.listening())
    if (admission.is === 'granted' || this.#moments.seated !== undefined) return this.#seat()
    this.#step({ is: 'queued' })
    if (admission.is === 'queued') this.#waiter?.joined(admission.place, admission.etaMs)
    else this.#waiter?.full(admission.refusal)
  }

  /** Goes on with a wait that an earlier life of its host has left, on the same socket. */
  static resume({ offer, target, terms, moments, wait }: Parked, caller: Socket, host: Brings): Exchange {
    const exchange = new Exchange(offer, target, terms, moments.offered, host)
    Object.assign(exchange.#moments, moments)
    exchange.#ids.next = wait.nextId
    exchange.#relay.attach(caller)
    exchange.#relay.listening()
    exchange.#waiter = exchange.#waiterOf(wait)
    exchange.#step({ is: 'queued' })
    exchange.#tellHost()
    return exchange
  }

  /** A time has come that it asked for; `standing`: as its desk has it now. */
  tick(standing?: Standing): void {
    this.#waiter?.tick(standing)
  }

  /** From the desk: its turn has come. Said twice it is said once. */
  seated(): void {
    if (this.#call.state === 'offered') this.#moments.seated = this.#host.clock.now() // its socket is not open yet
    else if (this.#waiter?.place !== undefined) this.#seat()
  }

  fromCaller(frame: string | Uint8Array): void {
    if (this.#call.state !== 'leaving' && !this.ended) this.#relay.fromCaller(frame)
  }

  callerGone(code: number, reason: string): void {
    this.#step({ is: 'hungUp', code, reason })
  }

  message(frame: string | Uint8Array): void {
    if (!this.ended) this.#relay.fromUpstream(frame)
  }

  closed(code: number, reason: string): void {
    this.#step({ is: 'dropped', code, reason, explained: this.#host.clock.now() - this.#upstreamErrorAt < briefMs })
  }

  /** Ends the call when the running replies were heard, or those that are `spared` (C9); one that waits at once, its line broken off. */
  wrapUp(refusal: Refusal, spared?: readonly string[]): void {
    if (this.#call.state === 'waiting') this.#waiter?.turnedAway(refusal)
    else this.#step({ is: 'wrapUp', refusal, spared })
  }

  /** From the desk, of its own accord. */
  told(word: Word): void {
    if (word.is === 'wrapUp') this.wrapUp(word.refusal)
    else if (!this.ended) this.#relay.toCaller(noticeFrame(word.notice, this.#ids('event')))
  }

  /** Renews the lease or the place, tries again what the desk has not taken in, looks at slow peers. Never throws. */
  async heartbeat(): Promise<void> {
    try {
      if (this.ended) return await this.#settle()
      this.#relay.look()
      if (this.#call.state === 'waiting') return await this.#ask()
      await this.#posting.renew()
    } catch (error) {
      this.#host.fault(error, this.#offer.call) // G10: cut off from the desk a live call goes on
    }
  }

  noticed(notice: Notice): void {
    const news = this.#posting.noticed(notice)
    if (notice.is === 'began' || notice.is === 'finished') this.#step(notice)
    else if (notice.is === 'error') this.#upstreamErrorAt = this.#host.clock.now()
    if (news && !this.ended) this.#posting.tell()
  }

  firstAudio(ms: number): void {
    this.#firstAudioMs ??= ms
  }

  refused(refusal: Refusal, causedBy: string | undefined): void {
    this.#farewell.tell(refusal, causedBy)
  }

  cut(by: Party, refusal: Refusal): void {
    this.#step({ is: 'cut', by, refusal })
  }

  #step(event: CallEvent): void {
    const { call, actions } = step(this.#call, event)
    this.#call = call
    if (call.state === 'leaving' && call.refusal === undefined) this.#relay.mute() // else it is heard to its end
    for (const action of actions) this.#host.guard(() => this.#act(action)) // one that breaks keeps none of the others back
  }

  #act(action: Action): void {
    switch (action.do) {
      case 'wait':
        this.#moments.queued ??= this.#host.clock.now()
        this.#waiter ??= this.#waiterOf()
        return this.#relay.wait(this.#waiter)
      case 'dial':
        return this.#open()
      case 'abandon':
        return this.#dial?.abandon()
      case 'connect':
        return this.#upstream === undefined ? undefined : this.#relay.connect(this.#upstream)
      case 'cancelReply':
        return this.#upstream?.send(JSON.stringify({ type: 'response.cancel', response_id: action.reply || undefined }))
      case 'wrap':
        return this.#relay.wrap(action.refusal)
      case 'hearOut':
        return void this.#timers.push(this.#farewell.hearOut())
      case 'speak':
        return this.#farewell.speak(action.line)
      case 'hush':
        return this.#farewell.hush()
      case 'closeUpstream':
        return this.#upstream?.close(1000, '')
      case 'tell':
        return this.#farewell.tell(action.refusal, undefined)
      case 'arm':
        return this.#after(action.forMs, () => this.#step({ is: 'overdue' }))
      case 'end':
        return this.#end(action.outcome)
      case 'closeCaller':
        if (this.ended) this.#forgetTimers() // else a broken-off reply may still report
        return this.#farewell.close(action)
      default:
        action satisfies never
    }
  }

  #seat(): void {
    this.#moments.seated = this.#host.clock.now()
    this.#relay.putThrough(this.#waiter?.served() ?? [])
    const { longestMs } = this.#terms
    if (longestMs !== null) this.#after(longestMs, () => this.wrapUp(tooLong(longestMs)))
    this.#step({ is: 'granted' })
  }

  #waiterOf(parked?: ParkedWait): Waiter {
    const { clock, desks, sounds } = this.#host
    const fault = (error: unknown): void => this.#host.fault(error, this.#offer.call)
    const audience = {
      say: (frame: string) => this.#relay.toCaller(frame),
      giveUp: () => {
        if (!this.ended) desks.leave(this.ref).catch(fault) // else the end itself gives it up; a ticket runs out by itself
      },
      refuse: (refusal: Refusal) => this.#step({ is: 'refused', refusal }),
      guard: this.#host.guard,
      fault,
      changed: () => this.#tellHost(),
    }
    return new Waiter(this.#ids, this.#terms, clock, sounds, audience, parked)
  }

  #tellHost(): void {
    const { place, nextAt } = this.#waiter ?? {}
    if (place === undefined) return this.#host.waits(nextAt, undefined)
    const call = { offer: this.#offer, target: this.#target, terms: this.#terms, moments: this.#moments }
    this.#host.waits(nextAt, { newsAt: place.newsAt, parked: () => ({ ...call, wait: place.parked() }) })
  }

  /** Keeps its ticket, and hears how it stands; a desk that cannot be reached keeps the place for the ticket's time. */
  async #ask(): Promise<void> {
    if (this.#waiter?.place === undefined) return // it says goodbye
    const answer = await this.#host.desks.admit(this.#offer)
    if (answer.is === 'granted') this.#host.guard(() => this.seated())
    else if (this.#call.state === 'waiting') this.#host.guard(() => this.#waiter?.told(answer))
  }

  #open(): void {
    const { clock } = this.#host
    this.#moments.dialled = clock.now()
    this.#dial = dial(this.#host, this.#target, this, {
      opened: (socket) => {
        this.#upstream = socket
        this.#moments.opened = clock.now()
        this.#tab.live(clock.now())
        this.#step({ is: 'opened' })
      },
      unopened: (refusal) => this.#step({ is: 'unopened', refusal }),
    })
    this.#timers.push(() => this.#dial?.forget())
  }

  #end(outcome: Outcome): void {
    this.#forgetTimers()
    this.#waiter?.hungUp()
    this.#outcome = outcome
    this.#moments.ended = this.#host.clock.now()
    this.#settle().catch((error: unknown) => this.#host.fault(error, this.#offer.call)) // the next heartbeat tries again
  }

  /** Tells the desk, until it has taken it in: lines free, last usage, one record. */
  async #settle(): Promise<void> {
    if (this.#outcome === undefined) return
    const record = this.#tab.record(this.#outcome, timesOf(this.#moments), this.#firstAudioMs)
    await this.#host.desks.end(this.ref, this.#tab.unposted(), record)
    this.#outcome = undefined
    this.#host.settled(this.#offer.call)
  }

  #forgetTimers(): void {
    for (const cancel of this.#timers.splice(0)) cancel()
  }

  #after(ms: number, work: () => void): void {
    this.#timers.push(this.#host.clock.after(ms, work))
  }
}
