// How this process stands: the delay of its loop, its memory and its calls, looked at four times a second. Refuses to judge (src/shedding.ts).
import { totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { strainOf, type Load, type Strain } from '../src/shedding.ts'

const lookMs = 250
/** The delay is the 99th percentile of about this much time. */
const windowMs = 2_000
/** The histogram measures from one look of its own to the next: this long where nothing is late. */
const resolutionMs = 10

export interface StrainOptions {
  /** Calls of this process, live and waiting, and how many it can carry. */
  calls: () => number
  callsMost: number
  /** Bytes; by default what the container, or else the machine, has. */
  memoryMost?: number
  /** Said when it changes. */
  changed?: (strain: Strain, load: Load) => void
}

export class StrainMeter {
  readonly callsMost: number
  load: Load = { loopDelayMs: 0, memory: 0, calls: 0 }
  readonly #options: StrainOptions
  readonly #memoryMost: number
  readonly #delays = monitorEventLoopDelay({ resolution: resolutionMs })
  readonly #timer: NodeJS.Timeout
  #looks = 0
  #strain: Strain = 'none'

  constructor(options: StrainOptions) {
    this.#options = options
    this.callsMost = options.callsMost
    this.#memoryMost = options.memoryMost ?? memoryOfThisPlace()
    this.#delays.enable()
    this.#timer = setInterval(() => this.#look(), lookMs).unref()
  }

  /** For a call that comes now: with it, and all that came since the last look. A burst is over before the next one. */
  get strain(): Strain {
    return strainOf({ ...this.load, calls: this.#share(this.#options.calls() + 1) }, this.#strain)
  }

  /** Forgets the delays until now: a process that has only just begun was busy with itself. */
  forget(): void {
    this.#delays.reset()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#delays.disable()
  }

  #look(): void {
    const before = this.#strain
    this.load = {
      loopDelayMs: Math.max(0, this.#delays.percentile(99) / 1e6 - resolutionMs),
      memory: process.memoryUsage.rss() / this.#memoryMost,
      calls: this.#share(this.#options.calls()),
    }
    this.#strain = strainOf(this.load, before)
    if (this.#strain !== before) this.#options.changed?.(this.#strain, this.load)
    if (++this.#looks % (windowMs / lookMs) === 0) this.#delays.reset()
  }

  #share(calls: number): number {
    return this.callsMost === 0 ? Infinity : calls / this.callsMost
  }
}

/** `constrainedMemory` is 0, or more than there is, outside a container. */
function memoryOfThisPlace(): number {
  const [constrained, all] = [process.constrainedMemory(), totalmem()]
  return constrained > 0 ? Math.min(constrained, all) : all
}
