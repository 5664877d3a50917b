// Rosters in Redis as a rule in JavaScript sees them: at once. Another thread speaks with Redis, this one sleeps meanwhile. For tests alone.
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import type { Roster } from '../../src/roster.ts'

export class RedisRosters {
  readonly #worker: Worker
  readonly #port: MessagePort
  /** 1 when an answer is there. */
  readonly #signal = new Int32Array(new SharedArrayBuffer(4))

  /** `name`: of the function, which takes a roster's name, a verb and its words as JSON. */
  constructor(port: number, name: string) {
    const channel = new MessageChannel()
    this.#port = channel.port1
    this.#worker = new Worker(new URL('redis-thread.ts', import.meta.url), {
      workerData: { port, name, mail: channel.port2, signal: this.#signal },
      transferList: [channel.port2],
    })
  }

  readonly open = (roster: string): Roster => {
    const ask = (verb: string, ...words: (string | number)[]): unknown => this.#ask(roster, verb, words)
    return {
      get: (id) => ask('get', id) as number | undefined,
      rank: (id) => ask('rank', id) as number | undefined,
      first: (n) => list(ask('first', n)),
      size: () => ask('size') as number,
      sum: () => ask('sum') as number,
      set: (id, value) => void ask('set', id, value),
      add: (id, value) => ask('add', id, value) as number,
      delete: (id) => void ask('delete', id),
      purge: (upTo) => list(ask('purge', upTo)),
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #ask(...question: unknown[]): unknown {
    Atomics.store(this.#signal, 0, 0)
    this.#port.postMessage(JSON.stringify(question), [])
    Atomics.wait(this.#signal, 0, 0)
    const received = receiveMessageOnPort(this.#port) as { message: { answer?: string | null; error?: string } }
    const { answer, error } = received.message
    if (error !== undefined) throw new Error(error)
    return typeof answer === 'string' ? JSON.parse(answer) : undefined
  }
}

/** An empty list comes as `{}`. */
function list(answer: unknown): string[] {
  return Array.isArray(answer) ? (answer as string[]) : []
}
