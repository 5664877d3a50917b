// The store in Redis, which many nodes share: desks and pools decide there, in one function call each; here is what a host does around them.
// Translates only. Rules G6, G9, G10, K3, S3.
import type { DeskFace } from '../../src/http/house.ts'
import type { Courier } from '../../src/courier.ts'
import { DeskLife } from '../../src/desk-life.ts'
import { decisionMs, learningMs } from '../../src/limits.ts'
import { PoolLife } from '../../src/pool-life.ts'
import type { Admission, Offer, Word } from '../../src/ports.ts'
import { noCeiling, type Ceiling } from '../../src/upstream.ts'
import { about, clock } from '../clock.ts'
import { deskFace, poolFace } from '../desk-face.ts'
import type { Fault, Store, Tell, Words } from '../store.ts'
import type { Fcall } from '../redis/call.ts'
import { RedisConnection } from '../redis/connection.ts'
import { RedisDesk, type KnownCall } from '../redis/desk.ts'
import { StoreFault } from '../redis/fault.ts'
import { load, makeFcall, makeLibrary } from '../redis/functions.ts'
import { tendLibraries } from '../redis/libraries.ts'
import type { Log } from '../redis/link.ts'
import { MailList } from '../redis/mail-list.ts'
import { seatedChannel, toldChannel } from '../redis/names.ts'
import { RedisPool } from '../redis/pool.ts'
import { RedisRegistry, type Send } from '../redis/registry.ts'
import { source } from '../redis/source.ts'
import { deliver, readMessage, type Message } from '../redis/message.ts'
import { Wakes } from '../redis/wakes.ts'
import { Beat } from './beat.ts'
import { Doubts } from './doubts.ts'
import { NodeLife } from './node-life.ts'
import { OpenDesks } from './open-desks.ts'

/** Desks that are remembered while no call of this node is open at them: some 2 KB each. */
const idleDesks = 1_000

export interface RedisOptions {
  url: string
  /** This process among the nodes. */
  node: string
  /** The quotas, each with the ceiling that its upstream comes with. */
  pools: Readonly<Record<string, Ceiling>>
  calls: Words
  courier: Courier
  fault: Fault
  tell: Tell
  log: Log
}

/** A store that was lost learns so long from the first step on (G10); a little later its desks seat who waits. */
const learnedMs = learningMs + 100

interface Desk {
  life: DeskLife
  home: RedisDesk
  face: DeskFace
  beat: Beat
  /** Calls of this node that are open at it. */
  calls: Map<string, KnownCall>
  /** Decisions under way: what one gives is a call of this desk. */
  deciding: number
}

export class RedisStore implements Store {
  readonly desks: Store['desks'] = {
    admit: (offer) => this.#admit(offer),
    renew: (ref, load, progress) => this.#desk(ref.tenant).life.renew(ref, load, progress),
    leave: (ref) => this.#desk(ref.tenant).life.leave(ref),
    debit: (ref, entries, progress) => this.#desk(ref.tenant).life.debit(ref, entries, progress),
    end: async (ref, entries, record) => {
      const desk = this.#desk(ref.tenant)
      await desk.life.end(ref, entries, record)
      desk.calls.delete(ref.call)
    },
  }
  readonly homes: Store['homes']
  readonly #connection: RedisConnection
  readonly #fcall: Fcall
  readonly #wakes: Wakes
  readonly #node: NodeLife
  readonly #doubts: Doubts
  readonly #mail: MailList
  readonly #learned = new Beat(() => this.#levelAll())
  readonly #options: RedisOptions
  readonly #pools = new Map<string, PoolLife>()
  readonly #works = new Set<Promise<unknown>>()
  readonly #open = new OpenDesks<Desk>({
    idleMost: idleDesks,
    make: (tenant) => this.#deskOf(tenant),
    idle: ({ calls, deciding, beat }) => calls.size === 0 && deciding === 0 && !beat.isSet,
    forgotten: (tenant) => channelsOf(tenant).forEach((channel) => this.#wakes.unsubscribe(channel)),
  })
  #closed = false

  /** Throws a sentence for an address that cannot be read. */
  constructor(options: RedisOptions) {
    const { url, log, pools } = options
    const library = makeLibrary(source())
    // What still runs when the connection is closed finds it so.
    this.#options = { ...options, fault: (...what) => (this.#closed ? undefined : options.fault(...what)) }
    this.#connection = new RedisConnection({ url, log, prepare: (link) => load(library, link) })
    this.#fcall = makeFcall(this.#connection, library)
    this.#wakes = new Wakes({
      connection: this.#connection,
      deliver: (channel, message) => this.#heard(channel, message),
      log,
    })
    const send: Send = (key, name, ...args) => this.#connection.send(key, name, ...args)
    const registry = new RedisRegistry(send)
    for (const [id, ceiling] of Object.entries(pools)) this.#pools.set(id, this.#poolLife(id, ceiling))
    this.homes = {
      desk: (tenant) => this.#desk(tenant).face,
      pool: (id) => poolFace(this.#pool(id)),
      registry: () => registry,
      pools: Object.keys(pools),
    }
    this.#mail = new MailList(send, (tenant) => this.#desk(tenant).life.sendMail())
    this.#node = new NodeLife({
      send,
      node: options.node,
      desks: () => this.#open.all().flatMap(([tenant, { calls }]) => (calls.size > 0 ? [tenant] : [])),
      endThoseOf: async (node, epoch, tenant) => {
        const { home, life } = this.#desk(tenant)
        await home.loseNode(node, epoch)
        await life.beat()
      },
      tend: async (now) => {
        await this.#mail.look(now)
        await tendLibraries(library.name, now, send, () => this.#connection.masters())
      },
      fault: (error) => this.#options.fault('node', error, {}),
    })
    this.#doubts = new Doubts({
      lose: async (offer) => {
        const desk = this.#desk(offer.tenant)
        await desk.home.lose(offer)
        desk.calls.delete(offer.call)
      },
      lost: (tenant) => this.#desk(tenant).life.levelAll(),
    })
    this.#connection.watch((news) => this.#looked(news))
    void this.#connection.ready().then(() => this.#node.begin())
  }

  problems(): string[] {
    return [...this.#connection.unready(), ...this.#node.problems()]
  }

  /** An ask that a pool has answered and no desk was told of would keep the desk's other nodes waiting for its time-out. */
  async close(): Promise<void> {
    await Promise.race([Promise.all(this.#works), new Promise((resolve) => setTimeout(resolve, decisionMs))])
    await this.#node.close()
    this.#learned.stop()
    for (const [, { beat }] of this.#open.all()) beat.stop()
    this.#closed = true
    this.#wakes.close()
    this.#connection.close()
  }

  /** Nobody waits for it but the end. */
  #background(work: Promise<unknown>, fault: (error: unknown) => void): void {
    const done = work.catch(fault).finally(() => this.#works.delete(done))
    this.#works.add(done)
  }

  /** Refused where Redis does not answer in time; what it may have given all the same is taken back. */
  async #admit(offer: Offer): Promise<Admission> {
    // One that waits already asks how it stands: silence takes nothing from it.
    const asked = this.#serves(offer.tenant) && !this.#desk(offer.tenant).calls.has(offer.call)
    const decision = this.#decide(offer)
    const { promise: late, reject } = Promise.withResolvers<never>()
    // What came while the loop was held up is read before it counts as late.
    const isLate = (): void => reject(new StoreFault('slow', 'Redis did not decide in time.', false))
    const timer = setTimeout(() => setImmediate(isLate), decisionMs)
    try {
      return await Promise.race([decision, late])
    } catch (error) {
      const doubt = (): void => this.#doubts.add(offer)
      if (asked) decision.then(doubt, doubt)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** A caller that has to wait may have had its turn before this node listened: then it is asked once more. */
  async #decide(offer: Offer): Promise<Admission> {
    const desk = this.#desk(offer.tenant)
    const heard = this.#wakes.isHeard(seatedChannel(offer.tenant))
    desk.deciding++
    try {
      const admission = await desk.life.admit(offer)
      if (admission.is === 'refused') return admission
      const { call, model, tenant } = offer
      if (!desk.calls.has(call)) desk.calls.set(call, { model, began: clock.now() })
      this.#node.came(tenant)
      return admission.is === 'queued' && !heard ? await desk.life.admit(offer) : admission
    } finally {
      desk.deciding--
    }
  }

  /** Whether what is asked of this desk now is sent at all. */
  #serves(tenant: string): boolean {
    try {
      return this.#connection.ownerOf(seatedChannel(tenant)).open
    } catch {
      return false
    }
  }

  /** With each look at Redis. It may have come back as another one, which must learn who is there (G10): from now on, not from the next heartbeat. */
  #looked(news: boolean): void {
    void this.#node.look()
    void this.#doubts.look()
    if (!news || this.problems().length > 0) return
    this.#levelAll()
    this.#learned.stop()
    this.#learned.arm(learnedMs)
  }

  /** All desks at which a call of this node is open say how they stand, and seat who may be. */
  #levelAll(): void {
    for (const [tenant, { life, calls }] of this.#open.all()) {
      if (calls.size === 0) continue
      life.levelAll().catch((error: unknown) => this.#options.fault('desk', error, { tenant_id: tenant }))
    }
  }

  #desk(tenant: string): Desk {
    return this.#open.of(tenant)
  }

  #deskOf(tenant: string): Desk {
    const { calls: words, courier, fault } = this.#options
    const calls = new Map<string, KnownCall>()
    const beat = new Beat(() => life.alarm())
    const home = new RedisDesk(tenant, this.#fcall, this.#node.writer, (call) => calls.get(call))
    const life = new DeskLife(home, {
      clock,
      pools: {
        share: (pool, ask) => this.#pool(pool).share(tenant, ask),
        report: async (pool, series) => this.#pool(pool).steps.report(tenant, series),
      },
      wake: (call) => words.seated(call), // the function told the other nodes
      tell: (calls, word) => this.#say(tenant, calls, word),
      alert: (alert) => this.#options.tell(tenant, alert),
      background: (work) => this.#background(work, (error) => fault('desk', error, { tenant_id: tenant })),
      busy: () => calls.size > 0,
      arm: (afterMs) => beat.arm(about(afterMs)),
      courier,
      chance: () => Math.random(),
      mailAfter: (afterMs) => this.#mail.note(tenant, afterMs),
      fault: (error) => fault('desk', error, { tenant_id: tenant }),
    })
    for (const channel of channelsOf(tenant)) this.#wakes.subscribe(channel)
    return { life, home, face: deskFace(life), beat, calls, deciding: 0 }
  }

  #heard(channel: string, message: string): void {
    const told = readMessage(message)
    if (told === undefined) return this.#options.fault('desk', new Error('not understood'), { channel })
    deliver(told, this.#options.node, this.#options.calls)
  }

  /** The calls are here, or on other nodes; each hears it once. */
  async #say(tenant: string, calls: readonly string[], word: Word): Promise<void> {
    const { calls: words, node: from } = this.#options
    for (const call of calls) words.told(call, word)
    const channel = toldChannel(tenant)
    await this.#connection.send(channel, 'SPUBLISH', channel, JSON.stringify({ calls, word, from } satisfies Message))
  }

  #pool(id: string): PoolLife {
    let pool = this.#pools.get(id)
    if (pool === undefined) this.#pools.set(id, (pool = this.#poolLife(id, noCeiling))) // no upstream draws from it any more
    return pool
  }

  /** Whichever node hears that a desk's grant rose gives it to that desk: it seats its callers, on whichever nodes they are. */
  #poolLife(id: string, ceiling: Ceiling): PoolLife {
    return new PoolLife(new RedisPool(id, ceiling, this.#fcall), {
      clock,
      regrant: (tenant, grant) => this.#desk(tenant).life.regrant(id, grant),
      level: (tenant) => this.#desk(tenant).life.level(id),
      background: (work) => this.#background(work, (error) => this.#options.fault('pool', error, { pool: id })),
    })
  }
}

function channelsOf(tenant: string): string[] {
  return [seatedChannel(tenant), toldChannel(tenant)]
}
