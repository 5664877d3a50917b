// This node among the others in Redis: which of its lives this is, that it is there, and which calls are its own, so that the lines of one
// that died are free as soon as it comes back, or when another finds it silent. Knows no desk. Rule G9.
import { lostRecord } from '../../src/desk-counts.ts'
import { heartbeatJitter, keptMs, learningMs, lostAfterMs, nodeBeatMs } from '../../src/limits.ts'
import type { CallRecord, CallRef } from '../../src/ports.ts'
import type { Writer } from '../redis/call.ts'
import { StoreFault } from '../redis/fault.ts'
import type { Send } from '../redis/registry.ts'
import { clock } from '../clock.ts'

/** Node → when it was heard last, in ms of Redis. */
const nodes = 'trunkline:{nodes}:heard'

interface Kept {
  ref: CallRef
  model: string
  began: number
  epoch: number
}

export interface NodeLifeHost {
  send: Send
  node: string
  end: (ref: CallRef, record: CallRecord) => Promise<void>
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
  readonly #written = Promise.withResolvers<void>()
  readonly #calls = new Set<string>()
  /** Ended, but perhaps still written there: taken off again with each beat until that was heard. */
  readonly #over = new Set<string>()
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

  /** Ends what an earlier life of this node has left (G9: within 2 s), then says that it is there, again and again. */
  async begin(): Promise<void> {
    await this.#written.promise
    try {
      await this.#endThoseOf(this.#host.node)
    } catch (error) {
      this.#host.fault(error)
    }
    await this.#beat()
  }

  /** A call of this node has a line or a place. Written beside the call: what is lost of this costs a lease's time, no more. */
  began(ref: CallRef, model: string): void {
    if (this.#calls.has(ref.call)) return
    this.#calls.add(ref.call)
    const { node, epoch } = this.writer
    const kept: Kept = { ref, model, began: clock.now(), epoch }
    this.#try(callsOf(node), 'HSET', ref.call, JSON.stringify(kept))
  }

  /** Its desk knows that it is over. */
  ended(call: string): void {
    if (!this.#calls.delete(call)) return
    this.#over.add(call)
    this.#takeOff([call]).catch((error: unknown) => this.#host.fault(error))
  }

  /** It goes in order: nobody has to look for it. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    if (this.#calls.size === 0) await this.#host.send(nodes, 'ZREM', nodes, this.#host.node).catch(() => undefined)
  }

  /** Never rejects. Chance only spreads the beats of nodes that began together. */
  async #beat(): Promise<void> {
    try {
      const now = await this.#now()
      await this.#host.send(nodes, 'ZADD', nodes, String(now), this.#host.node)
      await this.#takeOff([...this.#over])
      // Of a node that never comes back and whom nobody outlives nothing is kept either (S2).
      for (const own of [callsOf(this.#host.node), lifeOf(this.#host.node)])
        await this.#host.send(own, 'PEXPIRE', own, String(keptMs))
      // Where this node was not heard itself Redis was away, or its clock was put forward: the others have a while to be heard again.
      if (now - this.#heardAt > 3 * nodeBeatMs) this.#judgesFrom = now + learningMs
      this.#heardAt = now
      if (now >= this.#judgesFrom) await this.#endSilent(now)
      await this.#host.tend(now)
    } catch (error) {
      this.#host.fault(error)
    }
    const spread = 1 + heartbeatJitter * (2 * Math.random() - 1)
    if (!this.#closed) this.#cancel = clock.after(nodeBeatMs * spread, () => void this.#beat())
  }

  /** A node that is silent for longer than a lease has none left. One that stays away has its calls closed, by the one that comes first. */
  async #endSilent(now: number): Promise<void> {
    const late = String(now - lostAfterMs)
    const silent = (await this.#host.send(nodes, 'ZRANGE', nodes, '-inf', late, 'BYSCORE')) as string[]
    for (const node of silent) {
      if ((await this.#host.send(nodes, 'ZREM', nodes, node)) === 1) await this.#endThoseOf(node)
    }
  }

  async #endThoseOf(node: string): Promise<void> {
    const key = callsOf(node)
    const kept = (await this.#host.send(key, 'HGETALL', key)) as string[] | Record<string, string>
    const texts = Array.isArray(kept) ? kept.filter((_, i) => i % 2 === 1) : Object.values(kept)
    for (const text of texts) {
      const { ref, model, began, epoch } = JSON.parse(text) as Kept
      if (node === this.#host.node && epoch >= this.writer.epoch) continue
      await this.#host.end(ref, lostRecord(model, Math.max(0, clock.now() - began)))
      await this.#host.send(key, 'HDEL', key, ref.call)
    }
  }

  async #takeOff(calls: readonly string[]): Promise<void> {
    if (calls.length === 0) return
    const key = callsOf(this.#host.node)
    await this.#host.send(key, 'HDEL', key, ...calls)
    for (const call of calls) this.#over.delete(call)
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

  #try(key: string, name: string, ...args: string[]): void {
    this.#host.send(key, name, key, ...args).catch((error: unknown) => this.#host.fault(error))
  }
}

const unwritten = 'This node waits for Redis to say which of its lives this is.'

/** The number of its latest life, in the same slot. */
function lifeOf(node: string): string {
  return `trunkline:{node:${node}}:life`
}

/** Call → what its end needs. In a slot of the node's own. */
function callsOf(node: string): string {
  return `trunkline:{node:${node}}:calls`
}
