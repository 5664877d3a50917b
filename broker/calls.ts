// The calls of this process: each upgrade that its door let by is decided by its tenant's desk, and lives here until its desk knows that it
// is over. Knows no rule and no store.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Guard } from '../src/guard.ts'
import type { Arrival } from '../src/http/door.ts'
import type { PlanName } from '../src/plan.ts'
import type { Admission, Desks, Offer, Sounds, Word } from '../src/ports.ts'
import type { PriceTable } from '../src/price.ts'
import type { Refusal } from '../src/refusal.ts'
import { beforeUpgrade, turnAway } from '../src/turn-away.ts'
import { NodeCall, type CallHost, type Let } from './call.ts'
import { clock } from './clock.ts'
import type { Secrets } from './config.ts'
import { accept, type Peer } from './peer.ts'
import { listen, NodeSocket } from './sockets.ts'
import type { Words } from './store.ts'

/** An upgrade as Node has it. */
export interface Connection {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
}

/** A call that its desk decides. */
interface Deciding {
  /** The desk's word that its turn has come overtook the desk's answer that it waits. */
  seated: boolean
  /** What is said to it meanwhile, for when it is there. */
  readonly later: ((call: NodeCall) => void)[]
}

/** Of a caller that is being refused nothing is wanted any more. */
const refusedFrameBytes = 64 * 1024

/** Keys whose plan is remembered: some 100 bytes each. */
const knownPlans = 20_000

export interface CallsHost {
  desks: Desks
  secrets: Secrets
  soundsOf(tenant: string): Sounds
  prices: PriceTable
  fault(error: unknown, call: string): void
}

export class Calls implements Words {
  readonly #host: CallsHost
  readonly #calls = new Map<string, NodeCall>()
  /** Also those that were refused, until they have been told. */
  readonly #deciding = new Map<string, Deciding>()
  /** Key → its tenant's plan when it came last; the key that came longest ago stands first. */
  readonly #plans = new Map<string, PlanName>()
  /** Callers that are connected, also those that are only being told why not. */
  readonly #connected = new Set<Peer>()
  #empty: (() => void) | undefined

  constructor(host: CallsHost) {
    this.#host = host
  }

  get count(): number {
    return this.#calls.size + this.#deciding.size
  }

  /** The plan that a key's tenant had when it came last; undefined while nobody knows it. */
  planOf(keyHash: string): PlanName | undefined {
    return this.#plans.get(keyHash)
  }

  /** Resolves when no call is left, and nobody that is still being told something. */
  async none(): Promise<void> {
    if (!this.#isEmpty) await new Promise<void>((resolve) => (this.#empty = resolve))
  }

  /** Decides, and takes the connection over; a refusal is answered by the door, over HTTP, and `answered` said then. */
  async take(arrival: Arrival, connection: Connection, began: number): Promise<Refusal | undefined> {
    const { offer, upstream } = arrival
    const deciding: Deciding = { seated: false, later: [] }
    this.#deciding.set(offer.call, deciding)
    const admission = await this.#admit(offer)
    if (admission.is === 'refused') return this.#refuse(arrival, connection, admission)
    this.#learn(offer.keyHash, admission.terms.plan)
    if (upstream === undefined) return this.#refuse(arrival, connection, { refusal: { why: 'bug' } })
    const call = new NodeCall(arrival, upstream, admission, began, this.#hostOf(offer))
    this.#calls.set(offer.call, call)
    this.#deciding.delete(offer.call)
    if (deciding.seated) call.seated()
    this.#connect(call, arrival, connection, admission)
    for (const say of deciding.later) say(call)
    return undefined
  }

  /** From the door: it is done with this upgrade. */
  answered(call: string): void {
    this.#deciding.delete(call)
    this.#look()
  }

  seated(call: string): void {
    const deciding = this.#deciding.get(call)
    if (deciding === undefined) this.#calls.get(call)?.seated()
    else deciding.seated = true
  }

  told(call: string, word: Word): void {
    this.#deciding.get(call)?.later.push((made) => made.told(word))
    this.#calls.get(call)?.told(word)
  }

  /** Who waits hears that there is nothing to wait for here. */
  turnWaitingAway(refusal: Refusal): void {
    this.#sayToAll((call) => call.waiting && call.wrapUp(refusal))
  }

  /** All that are here, whatever they do. */
  wrapUpAll(refusal: Refusal): void {
    this.#sayToAll((call) => call.wrapUp(refusal))
  }

  #sayToAll(say: (call: NodeCall) => void): void {
    for (const call of this.#calls.values()) say(call)
    for (const { later } of this.#deciding.values()) later.push(say)
  }

  #learn(keyHash: string, plan: PlanName): void {
    this.#plans.delete(keyHash)
    this.#plans.set(keyHash, plan)
    const [oldest = ''] = this.#plans.keys()
    if (this.#plans.size > knownPlans) this.#plans.delete(oldest)
  }

  #connect(call: NodeCall, { protocol }: Arrival, connection: Connection, admission: Let): void {
    const peer = this.#accept(connection, admission.terms.frameBytes, protocol)
    if (peer === undefined) call.abandoned()
    else call.begin(peer, connection.socket, admission)
  }

  #accept({ request, socket, head }: Connection, frameBytes: number, protocol: string | null): Peer | undefined {
    const peer = accept(request, socket, head, frameBytes, protocol)
    if (peer === undefined) return undefined
    this.#connected.add(peer)
    peer.once('close', () => {
      this.#connected.delete(peer)
      this.#look()
    })
    return peer
  }

  /** A desk that cannot be reached decides nothing: the caller may come again (G10). */
  async #admit(offer: Offer): Promise<Admission> {
    try {
      return await this.#host.desks.admit(offer)
    } catch (error) {
      this.#host.fault(error, offer.call)
      return { is: 'refused', refusal: { why: 'desk_unreachable' } }
    }
  }

  #refuse(
    { offer, protocol }: Arrival,
    connection: Connection,
    { refusal, beforeUpgrade: wanted }: { refusal: Refusal; beforeUpgrade?: boolean },
  ): Refusal | undefined {
    if (beforeUpgrade(refusal, wanted)) return refusal
    const peer = this.#accept(connection, refusedFrameBytes, protocol)
    if (peer === undefined) return undefined
    const cut = { cut: () => peer.terminate() }
    const guard = new Guard(
      () => cut,
      (error) => this.#host.fault(error, offer.call),
    )
    listen(peer, { message: () => undefined, closed: () => undefined }, guard.broke)
    guard.run(() => turnAway(new NodeSocket(peer, connection.socket), refusal, offer.call, guard.clock(clock)))
    return undefined
  }

  #hostOf(offer: Offer): CallHost {
    const host = this.#host
    return {
      desks: host.desks,
      secrets: host.secrets,
      sounds: host.soundsOf(offer.tenant),
      prices: host.prices,
      fault: (error, call) => host.fault(error, call),
      settled: (call) => this.#forget(call),
    }
  }

  #forget(call: string): void {
    this.#calls.delete(call)
    this.#look()
  }

  get #isEmpty(): boolean {
    return this.count === 0 && this.#connected.size === 0
  }

  #look(): void {
    if (this.#isEmpty) this.#empty?.()
  }
}
