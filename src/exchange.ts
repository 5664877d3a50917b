// Carries out what call.ts decides for one call: desk, dial, sockets, timers. Knows no host and no frame's content.
import { offered, step, type Action, type Call, type CallEvent, type Outcome } from './call.ts'
import { dialTimeoutMs, firstFrameDelayMs, lateCloseMs } from './limits.ts'
import type { CallTerms } from './plan.ts'
import {
  UpstreamFault,
  type CallRef,
  type Clock,
  type Desks,
  type Dial,
  type Offer,
  type Socket,
  type Target,
  type Upstream,
} from './ports.ts'
import type { Notice } from './realtime/notice.ts'
import { errorEvent, type Refusal } from './refusal.ts'
import { Relay, type Listener } from './relay.ts'
import { Tab } from './tab.ts'

export interface Brings {
  clock: Clock
  desks: Desks
  upstream: Upstream
  /** A fault that no caller is told of: logged and counted by the host. */
  fault(error: unknown, call: string): void
  /** The call is over and its desk knows: the host may forget it. */
  settled(call: string): void
}

export class Exchange implements Listener {
  readonly #offer: Offer
  readonly #target: Target
  readonly #terms: CallTerms
  readonly #host: Brings
  readonly #relay: Relay
  readonly #tab: Tab
  readonly #offeredAt: number
  #call: Call = offered
  #caller: Socket | undefined
  #dial: Dial | undefined
  #upstream: Socket | undefined
  #timers: (() => void)[] = []
  #dialledAt = 0
  #openedAt: number | undefined
  #firstAudioMs: number | null = null
  #transcription = 'unknown'
  #upstreamErrorAt = -Infinity
  #outcome: Outcome | undefined
  #endedAt = 0
  #posting: Promise<void> | undefined
  #events = 0

  /** A call that its desk has granted. `offeredAt`: when its upgrade came in (ms). */
  constructor(offer: Offer, target: Target, terms: CallTerms, offeredAt: number, host: Brings) {
    this.#offer = offer
    this.#target = target
    this.#terms = terms
    this.#host = host
    this.#offeredAt = offeredAt
    this.#relay = new Relay(offer.model, terms, host.clock, this)
    this.#tab = new Tab(terms.fallbackMicroUsd)
  }

  /** How the desk knows this call. */
  get ref(): CallRef {
    const { call, tenant, agent, pool } = this.#offer
    return { call, tenant, key: this.#terms.key, agent, pool }
  }

  get ended(): boolean {
    return this.#call.state === 'ended'
  }

  /** The caller's socket is open: the call begins. */
  begin(caller: Socket): void {
    this.#caller = caller
    this.#relay.attach(caller)
    this.#host.clock.after(firstFrameDelayMs, () => this.#relay.listening())
    if (this.#terms.longestMs !== null)
      this.#after(this.#terms.longestMs, () => this.wrapUp(this.#tooLong(this.#terms.longestMs ?? 0)))
    this.#step({ is: 'granted' })
  }

  fromCaller(frame: string | Uint8Array): void {
    if (this.#call.state !== 'leaving' && !this.ended) this.#relay.fromCaller(frame)
  }

  callerGone(code: number, reason: string): void {
    this.#step({ is: 'hungUp', code, reason })
  }

  /** Ends the call when the running reply has been given (C9). */
  wrapUp(refusal: Refusal): void {
    this.#step({ is: 'wrapUp', refusal })
  }

  /** Renews the lease, tries again what the desk has not taken in, looks at slow peers. Never throws. */
  async heartbeat(): Promise<void> {
    try {
      if (this.ended) return await this.#settle()
      this.#relay.look()
      const renewal = await this.#host.desks.renew(this.ref)
      if (renewal.is === 'withdrawn') this.wrapUp(renewal.refusal)
      await this.#post()
    } catch (error) {
      this.#host.fault(error, this.#offer.call) // G10: cut off from the desk a live call goes on
    }
  }

  noticed(notice: Notice): void {
    if (notice.is === 'began') this.#step({ is: 'began', reply: notice.reply })
    else if (notice.is === 'error') this.#upstreamErrorAt = this.#host.clock.now()
    else if (notice.is === 'session') this.#transcription = notice.transcription ?? this.#transcription
    else {
      if (notice.is === 'transcribed') this.#tab.transcription(notice.item, this.#transcription, notice.usage)
      else this.#tab.reply(notice.reply || `unnamed-${this.#events++}`, this.#offer.model, notice.usage)
      if (notice.is === 'finished') this.#step({ is: 'finished', reply: notice.reply })
      if (!this.ended) void this.#post()
    }
  }

  firstAudio(ms: number): void {
    this.#firstAudioMs ??= ms
  }

  refused(refusal: Refusal, causedBy: string | undefined): void {
    this.#tell(refusal, causedBy)
  }

  cut(by: 'caller' | 'upstream', refusal: Refusal): void {
    this.#step({ is: 'cut', by, refusal })
  }

  #step(event: CallEvent): void {
    const { call, actions } = step(this.#call, event)
    this.#call = call
    if (call.state === 'leaving') this.#relay.mute()
    for (const action of actions) this.#act(action)
  }

  #act(action: Action): void {
    switch (action.do) {
      case 'dial':
        return this.#open()
      case 'abandon':
        return this.#dial?.abandon()
      case 'connect':
        if (this.#upstream !== undefined) this.#relay.connect(this.#upstream)
        return
      case 'cancelReply':
        return this.#upstream?.send(JSON.stringify({ type: 'response.cancel' }))
      case 'closeUpstream':
        return this.#upstream?.close(1000, '')
      case 'tell':
        return this.#tell(action.refusal, undefined)
      case 'arm':
        return this.#after(action.forMs, () => this.#step({ is: 'overdue' }))
      case 'end':
        return this.#end(action.outcome)
      case 'closeCaller':
        return this.#closeCaller(action.code, action.reason, action.late)
      default:
        action satisfies never
    }
  }

  #open(): void {
    const { clock, upstream } = this.#host
    this.#dialledAt = clock.now()
    this.#dial = upstream.open(this.#target, {
      message: (frame) => (this.ended ? undefined : this.#relay.fromUpstream(frame)),
      closed: (code, reason) => this.#step({ is: 'dropped', code, reason, explained: this.#justSaidError() }),
    })
    const late = clock.after(dialTimeoutMs, () =>
      this.#step({ is: 'unopened', refusal: { why: 'upstream_silent', details: { ms: dialTimeoutMs } } }),
    )
    this.#timers.push(late)
    this.#dial.opened.then(
      (socket) => {
        late()
        this.#upstream = socket
        this.#openedAt = clock.now()
        this.#step({ is: 'opened' })
      },
      (error: unknown) => {
        late()
        const refusal: Refusal = error instanceof UpstreamFault ? error.refusal : { why: 'upstream_unreachable' }
        this.#step({ is: 'unopened', refusal })
      },
    )
  }

  #tell(refusal: Refusal, causedBy: string | undefined): void {
    const id = `event_trunkline_${this.#offer.call.slice(-8)}_${this.#events++}`
    this.#relay.toCaller(JSON.stringify(errorEvent(refusal, id, causedBy)))
  }

  #closeCaller(code: number, reason: string, late: boolean): void {
    const close = (): void => this.#caller?.close(code, reason)
    this.#relay.afterWords(late ? () => void this.#host.clock.after(lateCloseMs, close) : close)
  }

  #end(outcome: Outcome): void {
    for (const cancel of this.#timers.splice(0)) cancel()
    this.#outcome = outcome
    this.#endedAt = this.#host.clock.now()
    this.#settle().catch((error: unknown) => this.#host.fault(error, this.#offer.call)) // the next heartbeat tries again
  }

  /** Tells the desk, until it has taken it in: lines free, last usage, one record. */
  async #settle(): Promise<void> {
    const outcome = this.#outcome
    if (outcome === undefined) return
    await this.#host.desks.end(this.ref, this.#tab.unposted(), {
      model: this.#offer.model,
      outcome,
      waitedMs: 0,
      liveMs: this.#openedAt === undefined ? 0 : this.#endedAt - this.#openedAt,
      tokens: this.#tab.tokens,
      microUsd: this.#tab.microUsd,
      replies: this.#tab.replies,
      firstAudioMs: this.#firstAudioMs,
      peakContextTokens: this.#tab.peakContextTokens,
      overheadMs: this.#dialledAt - this.#offeredAt,
      connectMs: this.#openedAt === undefined ? null : this.#openedAt - this.#dialledAt,
    })
    this.#outcome = undefined
    this.#host.settled(this.#offer.call)
  }

  /** Beside the relay, one at a time; what fails is sent again with the next report or heartbeat (L1: the desk knows it by id). */
  async #post(): Promise<void> {
    if (this.#posting !== undefined) return this.#posting
    const entries = this.#tab.unposted()
    if (entries.length === 0) return undefined
    this.#posting = this.#host.desks
      .debit(this.ref, entries)
      .then(() => this.#tab.posted(entries))
      .catch((error: unknown) => this.#host.fault(error, this.#offer.call))
      .finally(() => (this.#posting = undefined))
    return this.#posting
  }

  /** Most errors end nothing; one right before a close explains it. */
  #justSaidError(): boolean {
    return this.#host.clock.now() - this.#upstreamErrorAt < 1_000
  }

  #tooLong(ms: number): Refusal {
    return { why: 'call_too_long', details: { minutes: Math.round(ms / 60_000) } }
  }

  #after(ms: number, work: () => void): void {
    this.#timers.push(this.#host.clock.after(ms, work))
  }
}
