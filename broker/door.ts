// The door on Node: reads an upgrade from the wire, brakes a storm, hands over what is let by, and answers what is not. Knows no call and no
// desk. Rules H6, K6, D1.
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import type { Duplex } from 'node:stream'
import { v7 as uuid } from 'uuid'
import { refusalResponse } from '../src/http/answer.ts'
import { readArrival, type Arrival, type Upgrade } from '../src/http/door.ts'
import { addressBytes, closeTimeoutMs, headFields } from '../src/limits.ts'
import type { PlanName } from '../src/plan.ts'
import { rendering, type Refusal } from '../src/refusal.ts'
import { comer, Storm } from '../src/storm.ts'
import type { UpstreamSpec } from '../src/upstream.ts'
import { addressOf } from './address.ts'
import type { Calls, Connection } from './calls.ts'
import { clock } from './clock.ts'
import { wellFormed } from './peer.ts'
import { sha256 } from './sha256.ts'

export interface DoorHost {
  calls: Calls
  upstreams: readonly UpstreamSpec[]
  proxies: BlockList
  /** Why no new call of this plan is taken now, if none is; undefined: a plan that is not known yet. */
  sheds: (plan: PlanName | undefined) => Refusal | undefined
  fault(error: unknown, call: string): void
}

export class Door {
  readonly #host: DoorHost
  /** Of this process alone: a brake on what comes this way, and nobody's cap. */
  readonly #storm = new Storm(clock)

  constructor(host: DoorHost) {
    this.#host = host
  }

  /** Never rejects. */
  async meet(connection: Connection): Promise<void> {
    const began = clock.now()
    const call = `call_${uuid().replaceAll('-', '')}`
    const { request, socket } = connection
    socket.on('error', () => socket.destroy()) // until `ws` has it
    try {
      const refusal = await this.#let(connection, call, began)
      if (refusal !== undefined) await respond(socket, refusalResponse(refusal, call), request)
    } catch (error) {
      this.#host.fault(error, call)
      await respond(socket, refusalResponse({ why: 'bug' }, call), request)
    } finally {
      this.#host.calls.answered(call)
    }
  }

  async #let(connection: Connection, call: string, began: number): Promise<Refusal | undefined> {
    const { request } = connection
    const { upstreams, proxies } = this.#host
    const unfit = this.#host.sheds(undefined) ?? unfitness(request)
    if (unfit !== undefined) return unfit
    const arrival = await readArrival(upgradeOf(request), call, upstreams, sha256)
    const who = comer(addressOf(request, proxies), 'why' in arrival ? null : arrival.offer.keyHash)
    const tooMuch = this.#storm.take(who, clock.now())
    if (tooMuch !== undefined) {
      await this.#storm.answers(who)
      return tooMuch
    }
    const refusal = 'why' in arrival ? arrival : await this.#take(arrival, connection, began)
    if (refusal !== undefined && rendering(refusal.why).http === 401) this.#storm.wrong(who, clock.now())
    else this.#storm.good(who)
    return refusal
  }

  /** Under strain whose plan waits longest is turned away first, before its desk is asked. */
  async #take(arrival: Arrival, connection: Connection, began: number): Promise<Refusal | undefined> {
    const { calls, sheds } = this.#host
    return sheds(calls.planOf(arrival.offer.keyHash)) ?? calls.take(arrival, connection, began)
  }
}

/** What is wrong with a head that no key can mend. */
function unfitness(request: IncomingMessage): Refusal | undefined {
  const { method = '', url = '', rawHeaders } = request
  if (url.length > addressBytes) return { why: 'address_too_long', details: { most: addressBytes } }
  if (rawHeaders.length > headFields * 2) return { why: 'head_too_long', details: { most: headFields } }
  if (!isDoor(url)) return { why: 'route_unknown', details: { method, path: pathOf(url).slice(0, 200) } }
  return wellFormed(request) ? undefined : { why: 'upgrade_needed' }
}

function isDoor(url: string): boolean {
  return pathOf(url) === '/v1/realtime'
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** Fields that came twice are joined, so that a second key is seen. */
function upgradeOf({ url = '/', rawHeaders }: IncomingMessage): Upgrade {
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
  return { url: `http://door${url}`, headers }
}

/**
 * Answers over HTTP on the bare connection of an upgrade, and ends it. Node looks at no time-out of an upgraded one any more, so who does not end
 * its side is cut off: not at once, for bytes that come to a closed socket reset it, and the answer may be lost by that (RFC 9112, 9.6).
 */
async function respond(socket: Duplex, response: Response, { httpVersion }: IncomingMessage): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const head = [`HTTP/${httpVersion} ${response.status} ${STATUS_CODES[response.status] ?? ''}`]
  for (const [name, value] of response.headers) head.push(`${name}: ${value}`)
  head.push(`content-length: ${body.length}`, 'connection: close', '', '')
  socket.end(Buffer.concat([Buffer.from(head.join('\r\n')), body]))
  socket.resume() // what is still sent is not wanted, and its end must be seen
  socket.once(
    'close',
    clock.after(closeTimeoutMs, () => socket.destroy()),
  )
}
