// Callers that keep talking while something breaks: each sends a piece of audio every half second and hears its echo, and how long the
// longest silence was is known. Knows no fault.
import { Caller } from './caller.ts'
import type { Broker, MadeTenant } from './broker.ts'

const everyMs = 500
const betweenMs = 50
const append = { type: 'input_audio_buffer.append', audio: 'AAAAAAAA' }

interface Talker {
  caller: Caller
  heardAt: number
  longestMs: number
}

export class Talkers {
  readonly #talkers: Talker[] = []
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#talk(), everyMs)
  }

  get callers(): readonly Caller[] {
    return this.#talkers.map(({ caller }) => caller)
  }

  /** So many more, live. Dialled ten at a time: a crowd at once would only measure this machine. */
  async add(count: number, broker: Broker, tenant: MadeTenant): Promise<readonly Caller[]> {
    const added: Caller[] = []
    while (added.length < count) {
      const few = Array.from({ length: Math.min(10, count - added.length) }, () => live(broker, tenant))
      added.push(...(await Promise.all(few)))
    }
    for (const caller of added) this.take(caller)
    return added
  }

  take(caller: Caller): void {
    const talker = { caller, heardAt: performance.now(), longestMs: 0 }
    caller.ws.on('message', () => heard(talker))
    this.#talkers.push(talker)
  }

  /** From now on silences are measured anew. */
  listen(): void {
    for (const talker of this.#talkers) Object.assign(talker, { heardAt: performance.now(), longestMs: 0 })
  }

  /** The longest time that one of these, who are all still there, heard nothing (ms). */
  longestSilence(of: readonly Caller[] = this.callers): number {
    const gone = of.find(({ closed }) => closed !== undefined)
    if (gone !== undefined) throw new Error(`a live call was closed: ${JSON.stringify(gone.closed)}`)
    const theirs = this.#talkers.filter(({ caller }) => of.includes(caller))
    return Math.max(...theirs.map(({ heardAt, longestMs }) => Math.max(longestMs, performance.now() - heardAt)))
  }

  /** Each has one reply, which is reported and paid for. */
  async reply(of: readonly Caller[] = this.callers): Promise<void> {
    await Promise.all(
      of
        .filter(({ closed }) => closed === undefined)
        .map(async (caller) => {
          caller.send({ type: 'response.create' })
          await caller.next('response.done', 15_000)
        }),
    )
  }

  async hangUp(of: readonly Caller[] = this.callers): Promise<void> {
    await Promise.all(of.filter(({ closed }) => closed === undefined).map((caller) => caller.hangUp()))
  }

  end(): void {
    clearInterval(this.#timer)
    for (const { caller } of this.#talkers) caller.vanish()
  }

  #talk(): void {
    for (const { caller } of this.#talkers) if (caller.ws.readyState === caller.ws.OPEN) caller.send(append)
  }
}

function heard(talker: Talker): void {
  const now = performance.now()
  talker.longestMs = Math.max(talker.longestMs, now - talker.heardAt)
  talker.heardAt = now
}

/** A process that has just begun may still be under strain, and asks its callers to come again. */
async function live(broker: Broker, tenant: MadeTenant): Promise<Caller> {
  return (await tryUntil(({ is }) => is === 'live', broker, tenant, 20_000)).caller
}

/** How one newcomer fares, and after how long it knows (ms). */
export interface Try {
  caller: Caller
  is: 'live' | 'waits' | 'refused'
  status: number | undefined
  retryAfter: string | undefined
  /** The code of what it was told. */
  code: string | undefined
  ms: number
}

export async function tryOne(broker: Broker, tenant: MadeTenant): Promise<Try> {
  const began = performance.now()
  const caller = new Caller(broker.wsUrl, tenant.key)
  const knows = (): boolean =>
    caller.refused !== undefined ||
    caller.closed !== undefined ||
    caller.types.some((type) => ['session.created', 'trunkline.queue.joined', 'error'].includes(type))
  await caller.until(knows, 'an answer', 15_000)
  const ms = performance.now() - began
  const { refused, events } = caller
  const error = events.find(({ type }) => type === 'error')?.['error'] as { code?: string } | undefined
  const is = caller.types.includes('session.created')
    ? 'live'
    : caller.types.includes('trunkline.queue.joined')
      ? 'waits'
      : 'refused'
  const retryAfter = refused?.headers['retry-after']
  const code = error?.code ?? codeIn(refused?.body)
  return { caller, is, status: refused?.status, retryAfter: retryAfter?.toString(), code, ms }
}

function codeIn(body: string | undefined): string | undefined {
  return body === undefined || body === '' ? undefined : (JSON.parse(body) as { error?: { code?: string } }).error?.code
}

/** Newcomers one after another, until one fares like this; the others hang up. */
export async function tryUntil(
  wanted: (latest: Try) => boolean,
  broker: Broker,
  tenant: MadeTenant,
  withinMs: number,
): Promise<Try> {
  const end = performance.now() + withinMs
  for (;;) {
    const latest = await tryOne(broker, tenant)
    if (wanted(latest)) return latest
    if (latest.is === 'waits') latest.caller.vanish()
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms; the last one: ${latest.is} ${latest.code}`)
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
  }
}
