// One call as a Durable Object: the caller's socket, the provider's, one alarm. Translates only; the call's life is in src/exchange.ts.
import { DurableObject } from 'cloudflare:workers'
import { lostRecord } from '../src/desk-counts.ts'
import { firstTickAt } from '../src/desk-ticks.ts'
import { Exchange } from '../src/exchange.ts'
import { Guard } from '../src/guard.ts'
import { refusalResponse } from '../src/http/answer.ts'
import { readArrival, type Arrival } from '../src/http/door.ts'
import { webSha256 } from '../src/http/key.ts'
import { heartbeatJitter, heartbeatMs, parkedBeatMs } from '../src/limits.ts'
import type {
  Admission,
  Brings,
  CallRef,
  Desks,
  Line,
  Offer,
  Socket,
  Standing,
  TickAnswer,
  Word,
} from '../src/ports.ts'
import { sendableCode, sendableReason } from '../src/realtime/close-code.ts'
import { closeReason, rendering, type Refusal } from '../src/refusal.ts'
import { beforeUpgrade, turnAway } from '../src/turn-away.ts'
import { dialUrl } from '../src/upstream.ts'
import { clock } from './clock.ts'
import { prices, upstreams, type Env } from './env.ts'
import { Parking } from './parking.ts'
import { SleepingSocket } from './sleeping-socket.ts'
import { dialler, frameOf, listen, socketOf } from './sockets.ts'
import { soundsOf } from './sounds.ts'
import { deskOf } from './stubs.ts'

/** What a next life of this object needs to free the line, should this one be reset. */
interface Kept {
  ref: CallRef
  model: string
  began: number
}

export class CallObject extends DurableObject<Env> {
  #exchange: Exchange | undefined
  readonly #guard = new Guard(
    () => this.#exchange,
    (error) => this.#fault(error),
  )
  /** The desk's word that its turn has come may overtake the desk's answer that it waits. */
  #calledEarly = false
  readonly #parking = new Parking(this.ctx.storage, {
    tick: () => this.#guard.run(() => this.#exchange?.tick()),
    over: () => this.ctx.waitUntil(this.#arm()),
  })
  /** The caller, if it waits or has waited. */
  #sleeping: SleepingSocket | undefined

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const [ws] = ctx.getWebSockets()
    if (ws !== undefined) this.#resume(ws)
    // A life that was cut short may have left its note without an alarm.
    if (this.#kept() !== undefined) ctx.waitUntil(this.#armIfUnarmed())
  }

  /** The upgrade, passed on by the Worker as it came. The object's name is the call's id. */
  override async fetch(request: Request): Promise<Response> {
    const began = clock.now()
    const call = this.ctx.id.name ?? ''
    const arrival = await readArrival(request, call, upstreams(this.env), webSha256)
    if ('why' in arrival) return refusalResponse(arrival, call)
    const { offer, upstream, parameters } = arrival
    const admission = await this.#admit(offer)
    if (admission.is === 'refused') return this.#refuse(arrival, admission.refusal, admission.beforeUpgrade)
    if (upstream === undefined) return this.#refuse(arrival, { why: 'bug' })

    const target = { upstream, url: dialUrl(upstream, offer.model, parameters) }
    const exchange = new Exchange(offer, target, admission.terms, began, this.#brings(offer.tenant))
    this.#exchange = exchange
    // One that found the queue full has neither line nor place to give back: a storm of them writes nothing.
    if (admission.is !== 'full') {
      this.ctx.storage.kv.put('kept', { ref: exchange.ref, model: offer.model, began } satisfies Kept)
      await this.#arm()
    }
    const { 0: client, 1: server } = new WebSocketPair()
    if (this.#calledEarly) exchange.seated()
    if (admission.is === 'queued') {
      this.#parking.begin(firstTickAt(admission.terms.patienceMs, began))
      this.ctx.acceptWebSocket(server)
      const caller = this.#callerOf(server)
      this.#guard.run(() => exchange.begin(caller, admission))
      await this.#arm()
    } else {
      const caller = this.#take(server, exchange)
      this.#guard.run(() => exchange.begin(caller, admission))
    }
    return upgraded(client, arrival)
  }

  override webSocketMessage(_ws: WebSocket, data: string | ArrayBuffer): void {
    this.#guard.run(() => this.#exchange?.fromCaller(frameOf(data)))
  }

  override webSocketClose(_ws: WebSocket, code: number, reason: string): void {
    this.#closing(code, reason)
  }

  override webSocketError(): void {
    this.#closing(1006, '')
  }

  /** The heartbeat. Never throws, and arms itself again until the desk knows that the call is over. */
  override async alarm(): Promise<void> {
    try {
      if (this.#exchange === undefined) await this.#reportReset()
      else await this.#exchange.heartbeat()
    } catch (error) {
      this.#fault(error)
    }
    if (this.#kept() !== undefined) await this.#arm()
  }

  /** From the desk: the caller's turn has come. */
  seated(): void {
    if (this.#exchange !== undefined) this.#guard.run(() => this.#exchange?.seated())
    else if (this.#kept() === undefined) this.#calledEarly = true
    else this.ctx.waitUntil(this.#reportReset()) // its caller went with an earlier life: the line is the next one's
  }

  /** From the desk: a time has come that the waiting call asked for, and this is how it stands. */
  tick(standing: Standing): TickAnswer {
    if (this.#exchange === undefined) return { is: 'lost' } // the alarm clears away what is kept
    this.#guard.run(() => this.#exchange?.tick(standing))
    return this.#parking.answer()
  }

  /** From the desk, of its own accord. */
  told(word: Word): void {
    this.#guard.run(() => this.#exchange?.told(word))
  }

  /** From an earlier life. One that did not wait cannot go on: its provider is gone. */
  #resume(ws: WebSocket): void {
    const [parked, caller] = [this.#parking.left(), this.#callerOf(ws)]
    this.#guard.run(() => {
      if (parked !== undefined) this.#exchange = Exchange.resume(parked, caller, this.#brings(parked.offer.tenant))
    })
    if (this.#exchange === undefined)
      caller.close(rendering('call_reset').close ?? 1011, closeReason({ why: 'call_reset' }))
  }

  /** A caller that waits: it keeps this socket also when it is put through. */
  #callerOf(ws: WebSocket): Socket {
    this.#sleeping = new SleepingSocket(ws, () => this.ctx.abort('the call is over'))
    return this.#sleeping
  }

  /** A call that has its line dials at once, and could not sleep. */
  #take(server: WebSocket, exchange: Exchange): Socket {
    const caller = socketOf(server)
    const line: Line = {
      message: (frame) => exchange.fromCaller(frame),
      closed: (code, reason) => {
        exchange.callerGone(code, reason)
        // Answered also when the exchange is over: an unanswered close keeps the client waiting for 10 s.
        caller.close(sendableCode(code), sendableReason(reason))
      },
    }
    listen(server, line, this.#guard.run)
    return caller
  }

  #closing(code: number, reason: string): void {
    if (this.#sleeping?.closing() !== true) return
    this.#guard.run(() => this.#exchange?.callerGone(code, code === 1006 ? '' : reason)) // of no wire: a text of the runtime
    this.#sleeping.close(sendableCode(code), sendableReason(reason))
  }

  /** A desk that was reset while it decided is there again at once, and knows a call that it has seen: it is asked once more. */
  async #admit(offer: Offer): Promise<Admission> {
    try {
      return await this.#desks().admit(offer)
    } catch (error) {
      this.#fault(error)
    }
    try {
      return await this.#desks().admit(offer)
    } catch (error) {
      this.#fault(error)
      return { is: 'refused', refusal: { why: 'desk_unreachable' } }
    }
  }

  #refuse(arrival: Arrival, refusal: Refusal, wanted = false): Response {
    const { call } = arrival.offer
    if (beforeUpgrade(refusal, wanted)) return refusalResponse(refusal, call)
    const { 0: client, 1: server } = new WebSocketPair()
    server.accept()
    const caller = socketOf(server)
    server.addEventListener('close', ({ code, reason }) => caller.close(sendableCode(code), sendableReason(reason)))
    turnAway(caller, refusal, call, clock)
    return upgraded(client, arrival)
  }

  /** The object was reset in mid-call: both sockets are gone, and the desk does not know. */
  async #reportReset(): Promise<void> {
    const kept = this.#kept()
    if (kept === undefined) return
    await this.#desks().end(kept.ref, [], lostRecord(kept.model, clock.now() - kept.began))
    await this.ctx.storage.deleteAll()
  }

  #brings(tenant: string): Brings {
    return this.#guard.brings({
      clock,
      desks: this.#desks(),
      upstream: dialler(this.env, this.#guard.run),
      sounds: soundsOf(this.env, tenant),
      prices: prices(this.env),
      fault: (error) => this.#fault(error),
      settled: () => this.ctx.waitUntil(this.#forget()),
      waits: (at, place) => this.#parking.change(at, place),
    })
  }

  async #forget(): Promise<void> {
    await this.ctx.storage.deleteAll()
    this.#sleeping?.settled()
  }

  #desks(): Desks {
    return {
      admit: (offer) => deskOf(this.env, offer.tenant).admit(offer),
      renew: (ref, load, progress) => deskOf(this.env, ref.tenant).renew(ref, load, progress),
      leave: (ref) => deskOf(this.env, ref.tenant).leave(ref),
      debit: (ref, entries, progress) => deskOf(this.env, ref.tenant).debit(ref, entries, progress),
      end: (ref, entries, record) => deskOf(this.env, ref.tenant).end(ref, entries, record),
    }
  }

  #kept(): Kept | undefined {
    return this.ctx.storage.kv.get<Kept>('kept')
  }

  /** Randomness only spreads the heartbeats of calls that began together. */
  async #arm(): Promise<void> {
    const spread = 1 - heartbeatJitter * Math.random()
    await this.ctx.storage.setAlarm(clock.now() + (this.#parking.waits ? parkedBeatMs : heartbeatMs) * spread)
  }

  async #armIfUnarmed(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.#arm()
  }

  #fault(error: unknown): void {
    console.error(
      JSON.stringify({ level: 'error', msg: 'call fault', call_id: this.ctx.id.name, error: String(error) }),
    )
  }
}

function upgraded(client: WebSocket, { protocol }: Arrival): Response {
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: protocol === null ? {} : { 'sec-websocket-protocol': protocol },
  })
}
