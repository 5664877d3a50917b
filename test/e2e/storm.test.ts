// Storms: a crowd at once, clients that reconnect without back-off, wrong keys. What is let in is served, what is not is told why, and nothing is left.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { failuresByAddress, upgradesByKey } from '../../src/limits.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, type CallerOptions } from '../support/caller.ts'
import { dice } from '../support/dice.ts'
import { eventually } from '../support/eventually.ts'
import { audioOf } from '../support/heard.ts'
import { textFrame } from '../support/raw-caller.ts'
import type { Books } from '../support/scrape.ts'

interface Problem {
  error: { code: string }
}

const [cap, room, crowd] = [50, 50, 500]
/** Our own process hears 400 apologies at once, and is late. */
const patienceMs = 20_000

let broker: Broker
let tenant: MadeTenant
let callers: Caller[] = []
let over = new AbortController()
beforeAll(async () => {
  broker = await startBroker({ pace: 4 })
})
afterAll(() => broker.close())
afterEach(async () => {
  over.abort()
  for (const caller of callers.splice(0)) caller.vanish()
  await broker.quiet(tenant, 2_000)
})

function dial(options?: CallerOptions): Caller {
  const caller = new Caller(broker.wsUrl, tenant.key, options)
  callers.push(caller)
  return caller
}

/** Scrapes /metrics again and again, until the answer is called or the test is over. */
function scraping(): () => Promise<Books[]> {
  const pages: Books[] = []
  over = new AbortController()
  const { signal } = over
  const loop = async (): Promise<void> => {
    while (!signal.aborted) pages.push((await broker.scrape()).books)
  }
  const looped = loop()
  return async () => {
    over.abort()
    await looped
    return pages
  }
}

function notBalanced({ offered, admitted, waiting, refused, abandoned }: Books): boolean {
  return offered !== admitted + waiting + refused + abandoned
}

/** When the caller was told that the queue is full, and when it was closed (ms). */
async function sentAway(caller: Caller): Promise<{ code: unknown; close: number | undefined; afterMs: number }> {
  const { code } = await caller.error(patienceMs)
  const toldAt = performance.now()
  const close = await caller.closing(patienceMs)
  return { code, close: close.code, afterMs: performance.now() - toldAt }
}

test('[G2] [H5] [M3] of 500 calls at once 50 are live, 50 wait, 400 are told why; then all vanish, and the books agree at every scrape', async () => {
  tenant = await broker.tenant({ caps: { lines: cap } })
  const stop = scraping()
  const all = Array.from({ length: crowd }, () => dial())
  const away = all.map(async (caller) => {
    await caller.until(() => caller.events.length > 0, 'a first event', patienceMs)
    return caller.types[0] === 'response.created' ? sentAway(caller) : undefined
  })
  const told = (await Promise.all(away)).filter((one) => one !== undefined)
  expect(await broker.lines(tenant)).toMatchObject({ live: cap, waiting: room })

  const firsts = (type: string) => all.filter(({ types }) => types[0] === type)
  expect(firsts('session.created')).toHaveLength(cap)
  const places = firsts('trunkline.queue.joined').map(({ events }) => Number(events[0]?.['position']))
  expect(places.toSorted((a, b) => a - b)).toEqual(Array.from({ length: room }, (_, i) => i + 1))
  const sorry = readFileSync(new URL('../../web/public/hold/en/sorry.pcm', import.meta.url))
  const apologies = firsts('response.created')
  expect(apologies).toHaveLength(crowd - cap - room)
  expect(apologies.filter((caller) => !audioOf(caller).equals(sorry))).toEqual([])
  expect(told.filter(({ code, close }) => code !== 'queue_full' || close !== 1013)).toEqual([])
  expect(Math.min(...told.map(({ afterMs }) => afterMs))).toBeGreaterThan(1_800)

  const entered = all.filter(({ closed }) => closed === undefined)
  expect(entered).toHaveLength(cap + room)
  const { roll } = dice('a crowd that hangs up')
  const frame = textFrame(
    JSON.stringify({ type: 'session.update', session: { type: 'realtime', instructions: 'Hi.' } }),
  )
  for (const caller of entered) caller.vanishAfter(frame.subarray(0, roll(frame.length + 1)), roll(2) === 0)
  await broker.quiet(tenant, 1_000)
  expect(await broker.lines(tenant)).toMatchObject({ live: 0, waiting: 0 })

  const records = await broker.records(tenant)
  expect(new Set(records.map(({ id }) => id)).size).toBe(cap + room)
  expect(records).toHaveLength(cap + room)
  expect(records.filter(({ record }) => record?.outcome.why !== 'hung_up')).toEqual([])
  const last = await eventually(
    async () => (await broker.scrape()).books,
    ({ offered, waiting }) => offered === crowd && waiting === 0,
  )
  const pages = await stop()
  expect(pages.filter(notBalanced)).toEqual([])
  console.log(`${pages.length} scrapes, ${new Set(pages.map((page) => JSON.stringify(page))).size} unlike each other`)
  expect(pages.some(({ waiting }) => waiting === room)).toBe(true)
  expect(last).toMatchObject({ offered: crowd, waiting: 0, refused: crowd - cap - room })
}, 60_000)

interface Refusal {
  code: string
  retryAfter: unknown
}

/** So many upgrades, 20 at a time, each as soon as the one before was answered. */
async function refusals(count: number, options: CallerOptions, key = tenant.key): Promise<Refusal[]> {
  const all: Refusal[] = []
  let left = count
  const loop = async (): Promise<void> => {
    while (left-- > 0) all.push(await refused(key, options))
  }
  await Promise.all(Array.from({ length: 20 }, loop))
  return all
}

/** Comes in a loop until it was told so often that it comes too fast. */
async function untilBraked(times: number, options: CallerOptions): Promise<Refusal[]> {
  const all: Refusal[] = []
  while (counted(all, 'connecting_too_fast') < times) all.push(...(await refusals(100, options)))
  return all
}

async function refused(key: string | undefined, options: CallerOptions): Promise<Refusal> {
  const { headers, body } = await new Caller(broker.wsUrl, key, options).refusal()
  return { code: (JSON.parse(body) as Problem).error.code, retryAfter: headers['retry-after'] }
}

function counted(all: readonly Refusal[], code: string): number {
  return all.filter((one) => one.code === code).length
}

/** As Cloudflare, or a proxy that the Node host trusts, says where a caller is. */
function from(address: string): CallerOptions {
  return { headers: { 'cf-connecting-ip': address, 'x-forwarded-for': address } }
}

test('[H6] [M3] a client that reconnects in a loop is refused before anything is touched; another key is not', async () => {
  tenant = await broker.tenant({ caps: { lines: 1 }, overflow: 'upgrade' })
  const { body } = await broker.admin('POST', `/tenants/${tenant.id}/keys`, { name: 'second' })
  const before = (await broker.scrape()).books
  const live = dial(from('192.0.2.1'))
  await live.next('session.created')
  const since = performance.now()
  const all = await untilBraked(20, from('192.0.2.1'))
  all.push(...(await refusals(40, from('192.0.2.9'))))
  const seconds = (performance.now() - since) / 1000
  const through = counted(all, 'concurrent_calls_exceeded')
  const braked = all.filter(({ code }) => code === 'connecting_too_fast')
  expect(through + braked.length).toBe(all.length)
  expect(through).toBeGreaterThanOrEqual(upgradesByKey.burst - 1)
  expect(through).toBeLessThanOrEqual(upgradesByKey.burst + seconds * upgradesByKey.perSecond)
  expect(new Set(braked.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['5']))

  expect(await refused(String(body['key']), from('192.0.2.1'))).toMatchObject({ code: 'concurrent_calls_exceeded' })
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 0 })
  expect(await broker.records(tenant)).toHaveLength(1)
  const books = await eventually(
    async () => (await broker.scrape()).books,
    ({ offered }) => offered === before.offered + 1 + through + 1,
  )
  expect(notBalanced(books)).toBe(false)
  live.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } })
  await live.next('session.updated')
}, 60_000)

test('[K6] an address that comes with wrong keys is refused, its good key is not, nor another address', async () => {
  tenant = await broker.tenant({ caps: { lines: 1 } })
  const here = from('192.0.2.2')
  await dial(here).next('session.created')
  const wrong = `${tenant.key.slice(0, -1)}?`
  const all = await refusals(failuresByAddress.burst + 40, here, wrong)
  expect(counted(all, 'invalid_api_key')).toBeGreaterThanOrEqual(failuresByAddress.burst)
  expect(all.find(({ code }) => code !== 'invalid_api_key')).toEqual({ code: 'too_many_wrong_keys', retryAfter: '5' })
  expect(await refused(wrong, from('192.0.2.3'))).toMatchObject({ code: 'invalid_api_key' })
  await dial(here).next('trunkline.queue.joined')
})
