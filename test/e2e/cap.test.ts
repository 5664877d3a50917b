// A call too many: what each stock client tells its user, and when the next is let in.
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { AgentsTalker } from '../support/agents-talker.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { openaiClasses, OpenaiTalker } from '../support/openai-talker.ts'
import { secured, type Secured } from '../support/secure.ts'
import { soonMs } from '../support/soon.ts'

const code = 'concurrent_calls_exceeded'
const says =
  'All 1 lines of this tenant are on a call. Try again when one has ended, or ask your admin for a higher cap.'

let broker: Broker
let front: Secured
let tenant: MadeTenant
let first: Caller | undefined
beforeAll(async () => {
  broker = await startBroker()
  front = await secured(broker)
})
afterAll(async () => {
  await front.close()
  await broker.close()
})
beforeEach(async () => {
  tenant = await broker.tenant({ caps: { lines: 1 }, overflow: 'event' })
})
afterEach(async () => {
  if (first?.closed === undefined) await first?.hangUp()
  first = undefined
  await broker.quiet(tenant)
})

async function takeTheLine(): Promise<void> {
  first = await liveCaller(broker.wsUrl, tenant.key)
}

/** The first call hangs up; the next is live within a second of its close, and was never counted twice. */
async function expectNextAdmitted(dial: () => Promise<Caller>): Promise<void> {
  await first?.hangUp()
  const since = performance.now()
  let next = await dial()
  while (next.types[0] !== 'session.created') {
    next.vanish()
    next = await dial()
  }
  expect(performance.now() - since).toBeLessThan(soonMs)
  expect(await broker.live(tenant)).toBe(1)
  await next.hangUp()
}

async function plain(): Promise<Caller> {
  const caller = new Caller(broker.wsUrl, tenant.key)
  await caller.until(() => caller.events.length > 0, 'a first event')
  return caller
}

for (const name of openaiClasses) {
  test(`[G8] a call too many: openai ${name} tells why in its error event, and closes with 1013`, async () => {
    await takeTheLine()
    const talker = new OpenaiTalker(name, front.baseURL, tenant.key)
    await talker.heard.until(() => talker.errors.length > 0, 'an error')
    expect(talker.errors).toEqual([
      { message: expect.stringContaining(says) as string, code, type: 'rate_limit_error' },
    ])
    expect(await talker.ended()).toBe(1013)
    expect(await broker.live(tenant)).toBe(1)
    await expectNextAdmitted(plain)
    expect(await broker.records(tenant)).toHaveLength(2)
  })
}

test('[G8] a call too many: @openai/agents-realtime tells why in its error event, and disconnects', async () => {
  await takeTheLine()
  const talker = new AgentsTalker()
  await talker.connect(broker.wsUrl, tenant.key)
  await talker.heard.until(() => talker.reason() !== undefined, 'an error')
  expect(talker.reason()).toEqual({ code, message: says })
  await talker.ended()
  expect(await broker.live(tenant)).toBe(1)
  await expectNextAdmitted(plain)
  expect(await broker.records(tenant)).toHaveLength(2)
})

test('[H5] a call too many hears why at once, and is closed with 1013 two seconds later', async () => {
  await takeTheLine()
  const since = performance.now()
  const second = new Caller(broker.wsUrl, tenant.key, { keyBy: 'protocol' })
  await once(second.ws, 'open')
  expect(second.ws.protocol).toBe('realtime')
  expect(await second.error()).toMatchObject({ type: 'rate_limit_error', code, message: says })
  expect(performance.now() - since).toBeLessThan(soonMs)
  expect(await second.closing()).toEqual({ code: 1013, reason: `rate_limit_error.${code}` })
  expect(performance.now() - since).toBeGreaterThan(1_900)
  expect(second.types).toEqual(['error'])
})

test('[G8] caps of a key and of an agent hold too, and take nothing from the other lines', async () => {
  const shared = await broker.tenant({ caps: { lines: 3, agents: { clerk: 1 } }, overflow: 'event' })
  const { body } = await broker.admin('POST', `/tenants/${shared.id}/keys`, { name: 'narrow', lines: 1 })
  const narrow = body['key'] as string
  const clerk = { query: { trunkline_agent: 'clerk' } }
  const calls = [await liveCaller(broker.wsUrl, narrow), await liveCaller(broker.wsUrl, shared.key, clerk)]
  const tooMany = [new Caller(broker.wsUrl, narrow), new Caller(broker.wsUrl, shared.key, clerk)]
  const [byKey, byAgent] = await Promise.all(tooMany.map((caller) => caller.error()))
  expect(byKey).toMatchObject({ code, message: says.replace('tenant', 'key') })
  expect(byAgent).toMatchObject({ code, message: says.replace('tenant', 'agent') })
  expect(await broker.live(shared)).toBe(2)
  calls.push(await liveCaller(broker.wsUrl, shared.key))
  expect(await broker.live(shared)).toBe(3)
  for (const caller of [...calls, ...tooMany]) caller.vanish()
  await broker.quiet(shared)
  expect(await broker.records(shared)).toHaveLength(3)
})

test('[G2] of 50 calls at once at a cap of 5 exactly 5 are let in', async () => {
  const crowd = await broker.tenant({ caps: { lines: 5 }, overflow: 'event' })
  const callers = Array.from({ length: 50 }, () => new Caller(broker.wsUrl, crowd.key))
  await Promise.all(callers.map((caller) => caller.until(() => caller.events.length > 0, 'a first event')))
  const firsts = callers.map(({ types }) => types[0])
  expect(firsts.filter((type) => type === 'session.created')).toHaveLength(5)
  expect(firsts.filter((type) => type === 'error')).toHaveLength(45)
  expect(await broker.live(crowd)).toBe(5)
  for (const caller of callers) caller.vanish()
  await broker.quiet(crowd)
  expect(await broker.records(crowd)).toHaveLength(5)
})
