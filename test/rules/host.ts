// A host that is driven by hand: a clock that stands still, sockets that record, a desk that answers as it is told.
import type { Entry } from '../../src/ledger.ts'
import { frameBytes } from '../../src/limits.ts'
import type { CallTerms } from '../../src/plan.ts'
import type {
  Admission,
  Brings,
  CallRecord,
  Clock,
  Desks,
  Frame,
  KeptPlace,
  Line,
  Offer,
  Progress,
  Renewal,
  Socket,
  Sounds,
  Upstream,
} from '../../src/ports.ts'
import type { SoundSource } from '../../src/lines.ts'
import { shippedPrices } from '../../src/price-table.ts'
import { bytesPerMs, recorded, type Format, type Recording } from '../../src/sound.ts'
import { upstreamsOf, type UpstreamSpec } from '../../src/upstream.ts'

export class HandClock implements Clock {
  #now: number
  #timers: { at: number; work: () => void }[] = []

  constructor(now = 1_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms, work }
    this.#timers.push(timer)
    return () => (this.#timers = this.#timers.filter((other) => other !== timer))
  }

  /** Lets time pass, with each timer run at its own moment. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.at
      next.work()
    }
    this.#now = end
  }

  /** As if somebody had put it back: timers come when they would have come. */
  back(ms: number): void {
    this.#now -= ms
    for (const timer of this.#timers) timer.at -= ms
  }

  get waiting(): number {
    return this.#timers.length
  }
}

/** Lets time pass in small steps, with all that follows from each. */
export async function passes(clock: HandClock, ms: number): Promise<void> {
  for (let left = ms; left >= 0; left -= 10) {
    clock.pass(Math.min(10, left))
    await new Promise(setImmediate)
  }
}

export class RecordedSocket implements Socket {
  readonly sent: Frame[] = []
  readonly closes: { code: number; reason: string; at: number }[] = []
  /** Bytes that the peer has not read, and how often somebody looked. */
  backlog = 0
  looks = 0
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  send(frame: Frame): void {
    if (this.closes.length === 0) this.sent.push(frame)
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason, at: this.#clock.now() })
  }

  get buffered(): number {
    this.looks++
    return this.backlog
  }

  /** What was sent, as events. */
  get events(): Record<string, unknown>[] {
    return this.sent.map((frame) => JSON.parse(frame as string) as Record<string, unknown>)
  }

  get types(): unknown[] {
    return this.events.map((event) => event['type'])
  }

  /** The codes of the error events that were sent. */
  get errors(): unknown[] {
    return this.events.filter(({ type }) => type === 'error').map(({ error }) => (error as { code: string }).code)
  }
}

/** A provider that answers when the test says so. It keeps to the contract: an abandoned dial is closed when it opens. */
export class HandUpstream implements Upstream {
  readonly dialled: string[] = []
  socket: RecordedSocket | undefined
  abandoned = false
  #line: Line | undefined
  #resolve: ((socket: Socket) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open({ url }: { url: string }, line: Line): { opened: Promise<Socket>; abandon(): void } {
    this.dialled.push(url)
    this.#line = line
    const opened = new Promise<Socket>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    return { opened, abandon: () => this.#abandon() }
  }

  async opens(): Promise<RecordedSocket> {
    this.socket = new RecordedSocket(this.#clock)
    if (this.abandoned) this.socket.close(1000, '')
    this.#resolve?.(this.socket)
    await settle()
    return this.socket
  }

  async fails(error: unknown): Promise<void> {
    this.#reject?.(error)
    await settle()
  }

  says(event: object | Frame): void {
    this.#line?.message(typeof event === 'string' || event instanceof Uint8Array ? event : JSON.stringify(event))
  }

  closes(code: number, reason = ''): void {
    this.#line?.closed(code, reason)
    this.#line = undefined
  }

  #abandon(): void {
    this.abandoned = true
    this.socket?.close(1000, '')
  }
}

/** A desk that takes each entry and each record once, and can be cut off. */
export class HandDesks implements Desks {
  down = false
  renewal: Renewal = { is: 'kept' }
  renewed = 0
  /** What the call said that it takes. */
  readonly progress: Progress[] = []
  readonly loads: (number | null)[] = []
  readonly taken = new Map<string, Entry>()
  readonly attempts: string[][] = []
  readonly records: CallRecord[] = []
  ends = 0
  /** What a waiting call is told when it asks; undefined: nobody may ask. */
  answer: Admission | undefined
  asked = 0
  left = 0

  async admit(): Promise<Admission> {
    this.#reach()
    this.asked++
    if (this.answer === undefined) throw new Error('a call that was granted does not ask')
    return this.answer
  }

  async leave(): Promise<void> {
    this.left++
    this.#reach()
  }

  async renew(_ref: unknown, load: number | null, progress: Progress): Promise<Renewal> {
    this.#reach()
    this.renewed++
    this.loads.push(load)
    this.progress.push(progress)
    return this.renewal
  }

  async debit(_ref: unknown, entries: readonly Entry[], progress: Progress): Promise<Renewal> {
    this.attempts.push(entries.map(({ id }) => id))
    this.#reach()
    this.progress.push(progress)
    if (this.records.length === 0) this.#take(entries)
    return this.renewal
  }

  async end(_ref: unknown, entries: readonly Entry[], record: CallRecord): Promise<void> {
    this.ends++
    this.#reach()
    if (this.records.length > 0) return
    this.#take(entries)
    this.records.push(record)
  }

  #take(entries: readonly Entry[]): void {
    for (const entry of entries) if (!this.taken.has(entry.id)) this.taken.set(entry.id, entry)
  }

  #reach(): void {
    if (this.down) throw new Error('desk cut off')
  }
}

/** Every sound is 1 s of silence, unless it is missing; it comes when the promises go on. */
export class HandSounds implements Sounds {
  readonly loaded: string[] = []
  missing = false

  async load(source: SoundSource, format: Format): Promise<Recording> {
    this.loaded.push(`${format} ${source.is === 'shipped' ? source.path : source.audio}`)
    if (this.missing) throw new Error('no such sound')
    return recorded(format, new Uint8Array(1_000 * bytesPerMs[format]))
  }
}

export class HandHost implements Brings {
  readonly clock: HandClock
  readonly desks: HandDesks
  readonly upstream: HandUpstream
  readonly sounds = new HandSounds()
  prices = shippedPrices
  readonly guard = (work: () => void): void => work()
  readonly faults: unknown[] = []
  settledCalls: string[] = []
  /** Its ticks come from here, each at the time that it asked for. */
  call: { tick(): void } | undefined
  at: number | undefined
  place: KeptPlace | undefined
  #cancelTick: (() => void) | undefined

  /** `before`: another life of the same host, over the same desk. */
  constructor(before?: HandHost) {
    if (before !== undefined) before.#cancelTick?.()
    this.clock = before?.clock ?? new HandClock()
    this.desks = before?.desks ?? new HandDesks()
    this.upstream = new HandUpstream(this.clock)
  }

  fault(error: unknown): void {
    this.faults.push(error)
  }

  settled(call: string): void {
    this.settledCalls.push(call)
  }

  waits(at: number | undefined, place: KeptPlace | undefined): void {
    this.#cancelTick?.()
    this.at = at
    this.place = place
    if (at !== undefined) this.#cancelTick = this.clock.after(at - this.clock.now(), () => this.call?.tick())
  }
}

const [shipped] = upstreamsOf(undefined, undefined) as [UpstreamSpec]

export const offer: Offer = {
  call: 'call_0193a1b2c3d4',
  tenant: 'ten_1',
  keyHash: 'hash',
  model: 'gpt-realtime-2.1',
  agent: null,
  caller: null,
  models: shipped.models,
  unserved: null,
  pool: 'openai',
}
export const target = { upstream: shipped, url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1' }
export const terms: CallTerms = {
  plan: 'starter',
  key: 'key_1',
  frameBytes,
  longestMs: 3_600_000,
  fallbackMicroUsd: 64,
  pinned: null,
  patienceMs: 60_000,
  hold: { language: 'en', lines: {}, repeatSeconds: 0, patienceSeconds: null, format: 'audio/pcm' },
}

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
