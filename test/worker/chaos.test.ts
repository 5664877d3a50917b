// Objects that end at any moment of a crowd's admission: call, desk, pool. Nobody is served twice, nothing stays held, order is kept.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { learningMs, leaseTtlMs } from '../../src/limits.ts'
import type { PoolReading } from '../../src/pool-reading.ts'
import { eventually } from '../support/eventually.ts'
import { Caller, House, provide } from './house.ts'

const [lines, crowd, moments] = [3, 8, 16]
let house: House
let callers: Caller[] = []
let lateMs = 0
const now = Date.now

beforeEach(() => {
  provide()
  vi.spyOn(Date, 'now').mockImplementation(() => now() + lateMs)
})
afterEach(() => vi.restoreAllMocks())

/** A call; undefined where it was refused before it had a socket. */
async function dial(): Promise<Caller | undefined> {
  const url = 'http://broker/v1/realtime?model=gpt-realtime-2.1'
  const { webSocket } = await exports.default.fetch(url, { headers: house.upgrade })
  if (webSocket === null) return undefined
  const caller = new Caller(webSocket, '')
  callers.push(caller)
  return caller
}

/** Ended as the platform ends one: without a word to anybody. */
async function end(object: DurableObjectStub): Promise<void> {
  await runInDurableObject(object, (_object, state) => state.abort('ended by a test')).catch(() => undefined)
}

/** What ends at each turn of the desk, up to the moment; the last of them at that moment. */
const victims = {
  'the desk': { before: turn, at: () => end(house.desk) },
  'the pool': { before: turn, at: () => end(env.POOL.getByName('openai')) },
  'a call': { before: turn, at: endNewest },
  everything: {
    before: async (i: number) => (i % 2 === 0 ? end(house.desk) : end(env.POOL.getByName('openai'))),
    at: endNewest,
  },
}

async function turn(): Promise<void> {
  await house.desk.read()
}

async function endNewest(): Promise<void> {
  const [newest] = (await house.desk.calls(1, undefined)) ?? []
  if (newest !== undefined) await end(env.CALL.getByName(newest.id))
}

const served = ({ events }: Caller): number => events.filter(({ type }) => type === 'session.created').length
const speaks = (caller: Caller): boolean => served(caller) === 1 && caller.closed === undefined

/** Who waits, in the order of the desk: our events bear the end of their call's id. */
async function waiting(): Promise<Caller[]> {
  const { data } = (await house.desk.queueReading()) ?? { data: [] }
  return data.flatMap(({ call }) => {
    const mine = callers.find(({ events }) => events.some(({ event_id }) => String(event_id).includes(call.slice(-8))))
    return mine === undefined || mine.closed !== undefined ? [] : [mine]
  })
}

/** Every object hears its alarm, when the lease of all that is lost has run out. */
async function timePasses(): Promise<void> {
  lateMs += leaseTtlMs + 1_000
  const open = ((await house.desk.calls(100, undefined)) ?? []).filter(({ ended }) => ended === null)
  for (const { id } of open) await runDurableObjectAlarm(env.CALL.getByName(id)).catch(() => undefined)
  await runDurableObjectAlarm(house.desk)
  // It was a silence, of which the pool learns (P10), until nobody has a share any more and that time is over.
  await eventually(
    async () => (await env.POOL.getByName('openai').read()) as PoolReading,
    ({ desks }) => desks === 0,
  )
  lateMs += 2 * learningMs
}

test.each(Object.keys(victims) as (keyof typeof victims)[])(
  '[G3] [G5] [P10] %s ends at any moment of a crowd’s admission: never too many, nobody twice, order kept, nothing left',
  async (victim) => {
    for (let moment = 0; moment < moments; moment++) {
      callers = []
      house = await House.open({ caps: { lines } })
      const dials = Array.from({ length: crowd }, () => dial().catch(() => undefined))
      for (let i = 0; i < moment; i++) await victims[victim].before(i)
      await victims[victim].at()
      await Promise.all(dials)
      for (const caller of callers) await caller.until(() => caller.events.length > 0 || caller.closed !== undefined)

      // Whoever was told to wait is put through in order, as those who speak hang up.
      await eventually(async () => callers.filter(speaks).length > 0 || (await waiting()).length === 0, Boolean, 3_000)
      for (const next of await waiting()) {
        callers.find(speaks)?.hangUp()
        await next.next('session.created', 3_000)
        expect(callers.filter(speaks).length).toBeLessThanOrEqual(lines)
      }
      expect(callers.map(served).filter((times) => times > 1)).toEqual([])

      for (const caller of callers) caller.hangUp()
      await timePasses()
      await eventually(house.lines.bind(house), (reading) => reading?.live === 0 && reading.waiting === 0)
      await eventually(house.outcomes.bind(house), (outcomes) => !outcomes.includes(undefined))
      const fresh = await house.dial()
      await fresh.next('session.created')
      fresh.hangUp()
      await eventually(house.lines.bind(house), (reading) => reading?.live === 0)
    }
  },
  60_000,
)
