// How this process stands: the delay of its loop, its memory and its calls, looked at four times a second. Refuses to judge (src/shedding.ts).
import { totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { strainOf, type Load, type Strain } from '../src/shedding.ts'

const lookMs = 250
/** The delay is the 99th percentile of at least this much time, and of twice as much at most: one hiccup is none of them. */
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
  /** The first has measured for a window or longer, the second takes its place after the next. */
  #delays = [begun(), begun()] as const
  readonly #timer: NodeJS.Timeout
  #looks = 0
  #strain: Strain = 'none'

  constructor(options: StrainOptions) {
    this.#options = options
    this.callsMost = options.callsMost
    this.#memoryMost = options.memoryMost ?? memoryOfThisPlace()
    this.#timer = setInterval(() => this.#look(), lookMs).unref()
  }

  /** For a call that comes now: with it, and all that came since the last look. A burst is over before the next one. */
  get strain(): Strain {
    return strainOf({ ...this.load, calls: this.#share(this.#options.calls() + 1) }, this.#strain)
  }

  /** Forgets the delays until now: a process that has only just begun was busy with itself. */
  forget(): void {
    for (const delay of this.#delays) delay.reset()
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const delay of this.#delays) delay.disable()
  }

  #look(): void {
    const before = this.#strain
    this.load = {
      loopDelayMs: Math.max(0, this.#delays[0].percentile(99) / 1e6 - resolutionMs),
      memory: process.memoryUsage.rss() / this.#memoryMost,
      calls: this.#share(this.#options.calls()),
    }
    this.#strain = strainOf(this.load, before)
    if (this.#strain !== before) this.#options.changed?.(this.#strain, this.load)
    if (++this.#looks % (windowMs / lookMs) === 0) this.#turn()
  }

  #turn(): void {
    const [longest, next] = this.#delays
    longest.reset()
    this.#delays = [next, longest]
  }

  #share(calls: number): number {
    return this.callsMost === 0 ? Infinity : calls / this.callsMost
  }
}

function begun(): ReturnType<typeof monitorEventLoopDelay> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  return delay
}

/** `constrainedMemory` is 0, or more than there is, outside a container. */
function memoryOfThisPlace(): number {
  const [constrained, all] = [process.constrainedMemory(), totalmem()]
  return constrained > 0 ? Math.min(constrained, all) : all
}
