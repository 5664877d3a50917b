// One connection to one Redis server: kept up, looked at each beat, given up when it is silent. Nothing is sent twice, nothing waits in
// line for a server that is away. Knows no cluster and no function.
import { isIP } from 'node:net'
import { Redis } from 'ioredis'
import { storeAnswerMs, storeBeatMs, storeConnectMs, storeRetryMs } from '../../src/limits.ts'
import { type Address, type Place, nameOf } from './address.ts'
import { StoreFault, faultOf } from './fault.ts'
import { type Facts, complaint, hindrance, readFacts } from './health.ts'

/** What a command is made of. */
export type Word = string | number | Buffer

/** One line a change of state, without a secret. */
export type Log = (line: Readonly<Record<string, unknown>>) => void

export interface LinkHost {
  readonly address: Address
  /** PEM of the authority that signed the server's certificate, where the system does not know it. */
  readonly ca: string | undefined
  readonly log: Log
  /** 0 … 1 */
  readonly random: () => number
  /** What a master must have before it is asked anything. */
  prepare(link: Link): Promise<void>
  /** After each look; with news where it serves or stopped to, has another role, or lost its subscriptions. */
  changed(link: Link, news: boolean): void
  heard(channel: string, message: string): void
}

const firstRetryMs = 50
const jitter = 0.2
/** A frozen peer never answers the end of its connection. */
const farewellMs = 50

export class Link {
  readonly place: Place
  readonly where: string
  /** Grows whenever what was subscribed here is gone. */
  life = 0
  facts: Facts | undefined
  /** Why nothing can be asked of it now. */
  fault: StoreFault | undefined
  /** What its operator must mend. */
  complaint: StoreFault | undefined
  readonly #host: LinkHost
  readonly #redis: Redis
  #said = ''
  #told = ''
  #moved = false
  #cause: StoreFault | undefined
  #prepared = false
  #preparing: Promise<void> | undefined
  #looking = false
  #beat: NodeJS.Timeout | undefined
  #closed = false

  constructor(place: Place, host: LinkHost) {
    this.place = place
    this.where = nameOf(place)
    this.#host = host
    this.fault = new StoreFault('unreachable', `Redis at ${this.where} is not connected yet.`)
    const { username, password, tls } = host.address
    this.#redis = new Redis({
      host: place.host,
      port: place.port,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(tls && {
        tls: {
          ...(isIP(place.host) === 0 && { servername: place.host }),
          ...(host.ca !== undefined && { ca: host.ca }),
        },
      }),
      connectionName: 'trunkline',
      disableClientInfo: true,
      // A command whose answer was lost is not sent again; without a time-out of ours it would never settle (redis/ioredis#2193).
      autoResendUnfulfilledCommands: false,
      // ioredis's own words at a new connection have no other: without an answer to them it would wait for ever.
      commandTimeout: storeConnectMs,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResubscribe: false,
      enableReadyCheck: false,
      connectTimeout: storeConnectMs,
      disconnectTimeout: farewellMs,
      retryStrategy: (times) => Math.min(storeRetryMs, firstRetryMs * 2 ** (times - 1)) * (1 - jitter * host.random()),
    })
    this.#redis.on('error', (error: unknown) => (this.#cause = faultOf(error, this.where)))
    this.#redis.on('ready', () => {
      this.life++
      this.#prepared = false
      void this.look()
    })
    this.#redis.on('close', () => this.#lost())
    // The server took back a subscription because its slot went elsewhere. ioredis does not say which: once a beat all are made anew.
    this.#redis.on('moved', () => {
      this.#moved = true
      host.changed(this, false)
    })
    this.#redis.on('smessage', (channel: string, message: string) => host.heard(channel, message))
    this.#arm()
  }

  get open(): boolean {
    return this.fault === undefined
  }

  /** It was found or missed at least once. */
  get tried(): boolean {
    return this.#said !== ''
  }

  /** Rejects with a `StoreFault`, at the latest after `storeAnswerMs`. */
  async send(name: string, args: readonly Word[], asking = false): Promise<unknown> {
    if (this.fault !== undefined) throw this.fault
    return this.#ask(() => {
      if (asking) void this.#redis.call('asking').catch(() => undefined)
      return this.#redis.call(name, ...args)
    })
  }

  subscribe(channel: string): Promise<unknown> {
    return this.#ask(() => this.#redis.ssubscribe(channel))
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#ask(() => this.#redis.sunsubscribe(channel))
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await inTime(ask())
    } catch (error) {
      const fault = faultOf(error, this.where)
      if (['slow', 'replica', 'loading', 'full'].includes(fault.trouble)) void this.look()
      throw fault
    }
  }

  /** For those who prepare it: also before it is open. */
  ask(name: string, ...args: readonly Word[]): Promise<unknown> {
    return this.#ask(() => this.#redis.call(name, ...args))
  }

  /** All who find that it lacks something wait for the same repair. */
  repair(): Promise<void> {
    this.#preparing ??= this.#host.prepare(this).finally(() => (this.#preparing = undefined))
    return this.#preparing
  }

  /** Asks the server how it is, and gives the connection up if it does not say. */
  async look(): Promise<void> {
    // ioredis ends for good where it cannot even dial.
    if (this.#redis.status === 'end' && !this.#closed) this.#redis.connect().catch(() => undefined)
    if (this.#looking || this.#redis.status !== 'ready') return
    this.#looking = true
    if (this.#moved) this.life++
    this.#moved = false
    try {
      const facts = readFacts(await inTime(this.#redis.info()))
      const fault = hindrance(facts, this.where)
      if (fault === undefined && facts.role === 'master' && !this.#prepared) {
        // Where it is not known ioredis has fallen back to RESP2, in which whoever subscribes can ask nothing else.
        await this.ask('HELLO')
        await this.repair()
        this.#prepared = true
      }
      this.#settle(fault, facts)
    } catch (error) {
      const fault = faultOf(error, this.where)
      // The end of the connection is told when it comes.
      if (fault.trouble !== 'cut') this.#settle(fault)
      if (fault.trouble === 'slow') this.#redis.disconnect(true)
    } finally {
      this.#looking = false
    }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#beat)
    this.#redis.disconnect()
  }

  #arm(): void {
    this.#beat = setTimeout(
      () => void this.look().then(() => this.#closed || this.#arm()),
      storeBeatMs * (1 - jitter * this.#host.random()),
    )
  }

  #lost(): void {
    if (this.#closed) return
    const cause = this.#cause
    this.#cause = undefined
    const known = this.fault?.trouble === 'unreachable' ? undefined : this.fault
    this.#settle(cause ?? known ?? faultOf(new Error('closed by the server'), this.where))
  }

  #settle(fault: StoreFault | undefined, facts?: Facts): void {
    if (this.#closed) return
    this.fault = fault === undefined ? undefined : this.#standing(fault)
    if (facts !== undefined) this.facts = facts
    this.complaint = facts === undefined || fault !== undefined ? undefined : complaint(facts, this.where)
    const saying = this.fault?.message ?? this.complaint?.message ?? `Redis at ${this.where} serves.`
    const state = this.fault?.trouble ?? this.complaint?.trouble ?? 'serves'
    // An outage is one piece of news, however each try to come back ends.
    const known = state === 'unreachable' ? this.#told.startsWith(state) : saying === this.#said
    this.#said = saying
    if (!known) this.#host.log({ event: 'redis', at: this.where, state, says: saying })
    const told = [state, this.facts?.role, this.life].join(' ')
    const news = told !== this.#told
    this.#told = told
    this.#host.changed(this, news)
  }

  /** As those are told who ask from now on: theirs is not sent at all. */
  #standing({ trouble, message }: StoreFault): StoreFault {
    if (trouble !== 'slow' && trouble !== 'cut') return new StoreFault(trouble, message)
    return new StoreFault(trouble, `Redis at ${this.where} does not answer; it is tried again until it does.`)
  }
}

/**
 * The answer, or a fault after `storeAnswerMs`. A process that was held up finds both at once, its timers first: what has come by then is
 * read before the server is said to be slow.
 */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => setImmediate(() => reject(new Error('Command timed out'))), storeAnswerMs)
    answer.then(resolve, reject).finally(() => clearTimeout(late))
  })
}
