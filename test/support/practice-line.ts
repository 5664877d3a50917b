// The practice upstream as one call dials it, without sockets and without time of its own: what one side says the other hears at once.
import { modelNamed } from '../../sim/models.ts'
import { settingsFrom, type SimOptions } from '../../sim/options.ts'
import { Quota } from '../../sim/quota.ts'
import { Session } from '../../sim/session.ts'
import type { ClientEvent, UsageReport } from '../../sim/stage.ts'
import type { Clock, Dial, Frame, Line, Socket, Upstream } from '../../src/ports.ts'

const connectMs = 50

export interface LineHost {
  clock: Clock
  options: SimOptions
  model: string
  report(report: UsageReport): void
}

export class PracticeLine implements Upstream {
  readonly #host: LineHost
  readonly #settings
  #session: Session | undefined
  #line: Line | undefined

  constructor(host: LineHost) {
    this.#host = host
    this.#settings = settingsFrom({ ...host.options, clock: host.clock, tokensPerMinute: null })
  }

  open(_target: unknown, line: Line): Dial {
    let given = false
    const opened = new Promise<Socket>((resolve) => {
      this.#host.clock.after(connectMs, () => {
        if (given) return
        this.#line = line
        resolve(this.#begin())
      })
    })
    return { opened, abandon: () => void (given = true) }
  }

  /** Nobody hears it any more: the caller's host is gone, and the provider does not know yet. */
  deafen(): void {
    this.#line = undefined
  }

  /** The provider's side of the connection is gone; it says no more. */
  end(): void {
    this.#session?.end()
    this.#session = undefined
  }

  /** From the provider. */
  drop(code: number): void {
    const line = this.#line
    this.deafen()
    this.end()
    line?.closed(code, '')
  }

  #begin(): Socket {
    const { model: modelName, clock } = this.#host
    const model = modelNamed(modelName)
    if (typeof model === 'string') throw new Error(`the practice upstream has no ${modelName}`)
    const session = new Session({
      kind: 'realtime',
      modelName,
      model,
      settings: this.#settings,
      quota: new Quota('org', this.#settings, clock),
      ears: {
        send: ({ type, ...fields }) => this.#say(JSON.stringify({ type, ...fields })),
        close: (code) => queueMicrotask(() => this.drop(code)),
        report: (report) =>
          this.#host.report({ sessionId: session.id, model: modelName, atMs: clock.now(), ...report }),
        fault: () => undefined,
      },
    })
    this.#session = session
    queueMicrotask(() => session.open())
    return { send: (frame) => this.#hear(frame), close: () => queueMicrotask(() => this.drop(1000)), buffered: 0 }
  }

  #say(frame: string): void {
    queueMicrotask(() => this.#line?.message(frame))
  }

  #hear(frame: Frame): void {
    queueMicrotask(() => this.#session?.receive(JSON.parse(String(frame)) as ClientEvent))
  }
}
