// This node among the others in Redis: which of its lives this is, that it is there, and at which desks it has calls, so that the lines of
// one that died are free as soon as it comes back, or when another finds it silent. Knows no call. Rule G9.
import { keptMs, learningMs, lostAfterMs, nodeBeatMs } from '../../src/limits.ts'
import type { Writer } from '../redis/call.ts'
import { StoreFault } from '../redis/fault.ts'
import type { Send } from '../redis/registry.ts'
import { about, clock } from '../clock.ts'

/** Node → when it was heard last, in ms of Redis. */
const nodes = 'trunkline:{nodes}:heard'

/** The desks of a silent node that are visited at a time. */
const visitedAtOnce = 16
/** Who visits them has so long before another does; by then it has succeeded, or will not. */
const visitMs = 60_000

export interface NodeLifeHost {
  send: Send
  node: string
  /** The tenants at whose desks a call of this node is open. */
  desks: () => string[]
  /** Ends at this desk what `node` has left of its lives up to this one. */
  endThoseOf: (node: string, epoch: number, tenant: string) => Promise<void>
  /** What else is due with each beat, in ms of Redis. */
  tend: (now: number) => Promise<void>
  fault: (error: unknown) => void
}

export class NodeLife {
  /** Whose hand writes. Reading which life it is throws until Redis has said that. */
  readonly writer: Writer
  readonly #host: NodeLifeHost
  #epoch: number | undefined
  #asking = false
  /** The desks where something may be left of its earlier lives; undefined until they are read. */
  #left: Set<string> | undefined
  readonly #written = Promise.withResolvers<void>()
  /** The desks that are written down as those where it has calls. */
  readonly #noted = new Set<string>()
  #cancel: (() => void) | undefined
  #closed = false
  /** In ms of Redis. At its start it knows nothing of a silence. */
  #heardAt = Infinity
  #judgesFrom = 0

  constructor(host: NodeLifeHost) {
    this.#host = host
    const epoch = (): number => {
      if (this.#epoch === undefined) throw new StoreFault('unreachable', unwritten)
      return this.#epoch
    }
    this.writer = {
      node: host.node,
      get epoch() {
        return epoch()
      },
    }
  }

  /** Why the node is not ready. */
  problems(): string[] {
    return this.#epoch === undefined ? [unwritten] : []
  }

  /** With each look at Redis: the first that can be asked says which life this is. */
  async look(): Promise<void> {
    if (this.#epoch !== undefined || this.#asking) return
    this.#asking = true
    try {
      this.#epoch = await this.#nextLife()
      this.#written.resolve()
    } catch {
      // Its connection says why; the next look tries again.
    } finally {
      this.#asking = false
    }
  }

  /** Says that it is there, again and again; and ends first what an earlier life of this node has left (G9: within 2 s). */
  async begin(): Promise<void> {
    await this.#written.promise
    await this.#beat()
  }

  /** A call of this node has a line or a place at this desk. Written beside the call: what is lost of this costs a lease's time, no more. */
  came(tenant: string): void {
    if (this.#noted.has(tenant)) return
    this.#note([tenant]).catch((error: unknown) => this.#host.fault(error))
  }

  /** It goes in order: nobody has to look for it. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    if (this.#host.desks().length > 0 || this.#left?.size !== 0) return
    await this.#host.send(nodes, 'ZREM', nodes, this.#host.node).catch(() => undefined)
  }

  /** Never rejects. What breaks of it keeps nothing else back, and is done with the next. */
  async #beat(): Promise<void> {
    if (this.#left?.size !== 0) await this.#tried(() => this.#endEarlier())
    const now = await this.#tried(() => this.#speak())
    if (now !== undefined) {
      if (now >= this.#judgesFrom) await this.#tried(() => this.#endSilent(now))
      await this.#tried(() => this.#host.tend(now))
    }
    if (!this.#closed) this.#cancel = clock.after(about(nodeBeatMs), () => void this.#beat())
  }

  /** Answers with the time of Redis. */
  async #speak(): Promise<number> {
    const now = await this.#now()
    await this.#host.send(nodes, 'ZADD', nodes, String(now), this.#host.node)
    await this.#note(this.#host.desks().filter((tenant) => !this.#noted.has(tenant)))
    await this.#strike()
    // Of a node that never comes back and whom nobody outlives nothing is kept either (S2).
    for (const own of [desksOf(this.#host.node), lifeOf(this.#host.node)])
      await this.#host.send(own, 'PEXPIRE', own, String(keptMs))
    // Where this node was not heard itself Redis was away, or its clock was put forward: the others have a while to be heard again.
    if (now - this.#heardAt > 3 * nodeBeatMs) this.#judgesFrom = now + learningMs
    this.#heardAt = now
    return now
  }

  async #endEarlier(): Promise<void> {
    const { node, epoch } = this.writer
    this.#left ??= new Set(await this.#desks(node))
    for await (const tenants of this.#visit(node, epoch - 1, [...this.#left])) {
      for (const tenant of tenants) {
        this.#left.delete(tenant)
        this.#noted.add(tenant)
      }
    }
  }

  /** A node that is silent for longer than a lease has none left. One that stays away has its calls closed, by the one that comes first. */
  async #endSilent(now: number): Promise<void> {
    const late = now - lostAfterMs
    const silent = (await this.#host.send(nodes, 'ZRANGE', nodes, '-inf', String(late), 'BYSCORE')) as string[]
    for (const node of silent) {
      const [life, key] = [lifeOf(node), desksOf(node)]
      const epoch = Number((await this.#host.send(life, 'ZSCORE', life, 'epoch')) ?? 0)
      const mine = await this.#host.send(nodes, 'ZADD', nodes, 'XX', 'GT', 'CH', String(late + visitMs), node)
      if (mine !== 1) continue
      const desks = await this.#desks(node)
      let left = desks.length
      for await (const tenants of this.#visit(node, epoch, desks)) {
        await this.#host.send(key, 'SREM', key, ...tenants)
        left -= tenants.length
      }
      if (left === 0) await this.#host.send(nodes, 'ZREM', nodes, node)
    }
  }

  async #desks(node: string): Promise<string[]> {
    const key = desksOf(node)
    return [...((await this.#host.send(key, 'SMEMBERS', key)) as Iterable<string>)]
  }

  /** Ends what was left of those lives at these desks, some at a time: gives those where it could. Where it could at none, Redis is away. */
  async *#visit(node: string, epoch: number, desks: readonly string[]): AsyncGenerator<string[]> {
    for (let from = 0; from < desks.length; from += visitedAtOnce) {
      const some = desks.slice(from, from + visitedAtOnce)
      const visits = await Promise.all(some.map((tenant) => this.#ended(node, epoch, tenant)))
      const ended = some.filter((_, i) => visits[i])
      if (ended.length === 0) return
      yield ended
    }
  }

  async #ended(node: string, epoch: number, tenant: string): Promise<boolean> {
    try {
      await this.#host.endThoseOf(node, epoch, tenant)
      return true
    } catch (error) {
      this.#host.fault(error)
      return false
    }
  }

  async #tried<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      this.#host.fault(error)
      return undefined
    }
  }

  async #note(tenants: readonly string[]): Promise<void> {
    if (tenants.length === 0) return
    const key = desksOf(this.#host.node)
    for (const tenant of tenants) this.#noted.add(tenant)
    try {
      await this.#host.send(key, 'SADD', key, ...tenants)
    } catch (error) {
      for (const tenant of tenants) this.#noted.delete(tenant) // with the next beat
      throw error
    }
  }

  /** A call that comes while this is on its way has its desk noted again, after it. Where something may be left it stays noted. */
  async #strike(): Promise<void> {
    const key = desksOf(this.#host.node)
    const [busy, left] = [new Set(this.#host.desks()), this.#left]
    const idle = [...this.#noted].filter((tenant) => !busy.has(tenant) && left?.has(tenant) === false)
    if (idle.length === 0) return
    for (const tenant of idle) this.#noted.delete(tenant)
    await this.#host.send(key, 'SREM', key, ...idle)
  }

  /**
   * Above every one before. By Redis' clock, so that a node's own may be wrong, and a Redis that lost the latest one goes on above it; and one
   * more than what is written, so that Redis' clock may have gone back, and two that begin at once are two.
   */
  async #nextLife(): Promise<number> {
    const key = lifeOf(this.#host.node)
    await this.#host.send(key, 'ZADD', key, 'GT', String(await this.#now()), 'epoch')
    const epoch = Number(await this.#host.send(key, 'ZINCRBY', key, '1', 'epoch'))
    await this.#host.send(key, 'PEXPIRE', key, String(keptMs))
    return epoch
  }

  async #now(): Promise<number> {
    const [seconds = '0', micros = '0'] = (await this.#host.send(nodes, 'TIME')) as string[]
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  }
}

const unwritten = 'This node waits for Redis to say which of its lives this is.'

/** The number of its latest life, in the same slot. */
function lifeOf(node: string): string {
  return `trunkline:{node:${node}}:life`
}

/** The tenants at whose desks it has calls. In a slot of the node's own. */
function desksOf(node: string): string {
  return `trunkline:{node:${node}}:desks`
}
