// A connection under test with what it logs, and a clock for what a decision takes. Knows no server.
import { type ConnectionOptions, RedisConnection } from '../../broker/redis/connection.ts'
import { StoreFault } from '../../broker/redis/fault.ts'
import { type Fcall, load, makeFcall, makeLibrary } from '../../broker/redis/functions.ts'
import { until } from '../support/redis.ts'

/** Counts how often it ran, whatever was answered. */
export const source = `
redis.register_function(LIBRARY .. 'count', function(keys) return redis.call('INCR', keys[1]) end)
redis.register_function(LIBRARY .. 'wake', function(keys, args) return redis.call('SPUBLISH', keys[1], args[1]) end)
redis.register_function(LIBRARY .. 'fill', function(keys, args) redis.call('SET', keys[1], string.rep('x', tonumber(args[1]))) return 1 end)
`

export interface Meeting {
  connection: RedisConnection
  fcall: Fcall
  /** As an operator would read them. */
  log: Record<string, unknown>[]
}

export function meet(url: string, options: Partial<ConnectionOptions> = {}): Meeting {
  const log: Record<string, unknown>[] = []
  const library = makeLibrary(source)
  const connection = new RedisConnection({
    url,
    log: (line) => void log.push(line),
    prepare: (link) => load(library, link),
    ...options,
  })
  return { connection, log, fcall: makeFcall(connection, library) }
}

export interface Outcome {
  answer?: unknown
  fault?: StoreFault
  tookMs: number
}

/** How a decision went; anything but a `StoreFault` is a bug. */
export async function outcome(decision: () => Promise<unknown>): Promise<Outcome> {
  const began = performance.now()
  try {
    const answer = await decision()
    return { answer, tookMs: performance.now() - began }
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error
    return { fault: error, tookMs: performance.now() - began }
  }
}

/** Asks until it is answered, and fails where a decision took longer than it may (S3). Milliseconds until then. */
export async function untilServed(decision: () => Promise<unknown>, withinMs: number): Promise<number> {
  const began = performance.now()
  await until(async () => {
    const { answer, tookMs } = await outcome(decision)
    if (tookMs > 500) throw new Error(`a decision took ${tookMs} ms`)
    return answer !== undefined
  }, withinMs)
  return Math.round(performance.now() - began)
}
