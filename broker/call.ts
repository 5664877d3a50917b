// One call on Node: its sockets, its heartbeat, its ticks while it waits. Translates only; the call's life is in src/exchange.ts.
import type { Duplex } from 'node:stream'
import { Exchange } from '../src/exchange.ts'
import { Guard } from '../src/guard.ts'
import type { Arrival } from '../src/http/door.ts'
import { frameMargin, heartbeatMs, knockMs } from '../src/limits.ts'
import type { Admission, Desks, Frame, Line, Sounds, Target, Word } from '../src/ports.ts'
import type { PriceTable } from '../src/price.ts'
import type { Refusal } from '../src/refusal.ts'
import { dialUrl, type UpstreamSpec } from '../src/upstream.ts'
import { about, clock } from './clock.ts'
import type { Secrets } from './config.ts'
import { dial } from './dial.ts'
import type { Peer } from './peer.ts'
import { listen, NodeSocket } from './sockets.ts'

export type Let = Exclude<Admission, { is: 'refused' }>

export interface CallHost {
  desks: Desks
  secrets: Secrets
  sounds: Sounds
  prices: PriceTable
  fault(error: unknown, call: string): void
  /** Its desk knows that it is over. */
  settled(call: string): void
}

/** It is its caller's line; its provider's is the exchange itself. */
export class NodeCall implements Line {
  readonly #exchange: Exchange
  readonly #frameBytes: number
  readonly #guard: Guard
  #caller: NodeSocket | undefined
  #placed = false
  #cancelBeat: () => void
  #cancelTick: (() => void) | undefined

  constructor({ offer, parameters }: Arrival, upstream: UpstreamSpec, admission: Let, began: number, host: CallHost) {
    const target: Target = { upstream, url: dialUrl(upstream, offer.model, parameters) }
    this.#guard = new Guard(
      () => this.#exchange,
      (error) => host.fault(error, offer.call),
    )
    const brings = this.#guard.brings({
      clock,
      desks: host.desks,
      sounds: host.sounds,
      prices: host.prices,
      fault: (error, call) => host.fault(error, call),
      upstream: { open: (target, line) => this.#dial(target, line, host.secrets) },
      settled: (call) => {
        this.#cancelBeat()
        host.settled(call)
      },
      waits: (at, place) => this.#tickAt(at, place !== undefined),
    })
    this.#frameBytes = admission.terms.frameBytes
    this.#exchange = new Exchange(offer, target, admission.terms, began, brings)
    this.#cancelBeat = this.#beat()
  }

  /** Its caller is connected. */
  begin(peer: Peer, connection: Duplex, admission: Let): void {
    const caller = new NodeSocket(peer, connection, knockMs)
    this.#caller = caller
    listen(peer, this, this.#guard.broke)
    peer.broken = (code) => code === 1009 && this.#tooLarge()
    this.#guard.run(() => this.#exchange.begin(caller, admission))
  }

  message(frame: Frame): void {
    this.#exchange.fromCaller(frame)
  }

  closed(code: number, reason: string): void {
    this.#exchange.callerGone(code, reason)
  }

  /** Its caller went before it was connected. */
  abandoned(): void {
    this.#guard.run(() => this.#exchange.callerGone(1006, ''))
  }

  /** It has a place in the queue. */
  get waiting(): boolean {
    return this.#placed
  }

  seated(): void {
    this.#guard.run(() => this.#exchange.seated())
  }

  told(word: Word): void {
    this.#guard.run(() => this.#exchange.told(word))
  }

  wrapUp(refusal: Refusal): void {
    this.#guard.run(() => this.#exchange.wrapUp(refusal))
  }

  #dial(target: Target, line: Line, secrets: Secrets): ReturnType<typeof dial> {
    const way = dial(target, line, secrets, this.#guard.broke)
    const lags = (): void => void this.#exchange.heartbeat()
    way.opened.then(
      (upstream) => this.#caller && NodeSocket.couple(this.#caller, upstream, lags),
      () => undefined, // the exchange hears of it
    )
    return way
  }

  #tooLarge(): boolean {
    if (this.#exchange.ended) return false
    const most = this.#frameBytes
    const details = { bytes: `more than ${most + frameMargin}`, most }
    this.#guard.run(() => this.#exchange.cut('caller', { why: 'frame_too_large', details }))
    return true
  }

  /** Each heartbeat keeps the line or the place, and hears how it stands. */
  #beat(): () => void {
    return clock.after(about(heartbeatMs), () => {
      this.#cancelBeat = this.#beat()
      void this.#exchange.heartbeat()
    })
  }

  /** While it has a place its desk is asked first, how it stands; a desk that is silent does not keep the caller from hearing that it waits. */
  #tickAt(at: number | undefined, placed: boolean): void {
    this.#placed = placed
    this.#cancelTick?.()
    if (at === undefined) return
    this.#cancelTick = clock.after(Math.max(0, at - clock.now()), () => {
      if (placed) void this.#exchange.heartbeat().then(() => this.#tick())
      else this.#tick()
    })
  }

  #tick(): void {
    this.#guard.run(() => this.#exchange.tick())
  }
}
