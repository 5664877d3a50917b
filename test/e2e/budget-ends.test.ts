// A budget that is spent in mid-reply: whoever talks hears that reply whole, then the goodbye and why; and no more is used than those replies.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { speech } from '../../sim/voice.ts'
import type { UsageReport } from '../../sim/stage.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { liveCaller, type Caller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at, type WireEvent } from '../support/gathering.ts'
import { audioOf } from '../support/heard.ts'
import { callSim, sessionSettings, turn } from '../support/scenario.ts'

/** At once, all in mid-reply. */
const talkers = 20
const patienceMs = 25_000
/** Some six seconds to hear, half of that to give: the others are in the midst of it when one is done. */
const long = 'Thank you for calling us today, I will look into your order and be with you again in a moment.'

let broker: Broker
beforeAll(async () => {
  broker = await startBroker({ ...callSim, pace: 2 })
})
afterAll(() => broker.close())

const goodbye = readFileSync(new URL('../../web/public/hold/en/goodbye.pcm', import.meta.url))

const isGoodbye = (event: WireEvent): boolean => at(event, 'response.metadata.trunkline') === 'goodbye'

/** What the provider reported of a caller's session. */
function reportsOf(caller: Caller): UsageReport[] {
  const session = at(caller.of('session.created')[0], 'session.id')
  return broker.sim.reports.filter(({ sessionId }) => sessionId === session)
}

function tokensOf(reports: readonly UsageReport[]): number {
  return reports.reduce((sum, { usage }) => sum + ('total_tokens' in usage ? usage.total_tokens : 0), 0)
}

async function limit(tenant: MadeTenant, budgets: object): Promise<void> {
  expect((await broker.admin('PATCH', `/tenants/${tenant.id}`, { budgets })).status).toBe(200)
}

/** Errors that answer what it asked for in the meantime. */
function answers(caller: Caller): WireEvent[] {
  return caller.of('error').filter((event) => at(event, 'error.event_id') === 'mine')
}

/** One whole reply, our goodbye, why it is over, and a close two seconds later: in this order and nothing else. */
async function heardOut(caller: Caller): Promise<void> {
  await caller.until(() => caller.of('error').length > answers(caller).length, 'the end', patienceMs)
  const toldAt = performance.now()
  const asked = new Set(answers(caller))
  const told = caller.events.filter((event) => !asked.has(event))
  const story = told.flatMap((event) => {
    if (event.type === 'error') return [`error ${String(at(event, 'error.code'))}`]
    if (event.type !== 'response.done') return []
    return [`${isGoodbye(event) ? 'goodbye' : 'reply'} ${String(at(event, 'response.status'))}`]
  })
  expect(story).toEqual(['reply completed', 'goodbye completed', 'error budget_exhausted'])
  const [reply, line] = caller.of('response.done') as [WireEvent, WireEvent]
  const text = String(at(reply, 'response.output.0.content.0.transcript'))
  expect(audioOf(caller, at(reply, 'response.id')).equals(speech(text, 'audio/pcm'))).toBe(true)
  expect(audioOf(caller, at(line, 'response.id')).equals(goodbye)).toBe(true)
  expect(at(caller.of('error').at(-1), 'error.message')).toMatch(
    /budget of \d+ tokens for this hour is spent. It begins anew at 20/,
  )
  expect(await caller.closing()).toEqual({ code: 1008, reason: 'rate_limit_error.budget_exhausted' })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
}

async function booked(tenant: MadeTenant, callers: readonly Caller[]): Promise<void> {
  await broker.quiet(tenant, 5_000)
  const records = await broker.records(tenant)
  expect(records.map(({ record }) => record)).toEqual(
    callers.map(
      () =>
        expect.objectContaining({
          outcome: expect.objectContaining({ by: 'broker', why: 'budget_exhausted', inReply: false }) as object,
          replies: 1,
        }) as object,
    ),
  )
  const used = callers.reduce((sum, caller) => sum + tokensOf(reportsOf(caller)), 0)
  expect((await broker.usage(tenant))['tokens']).toBe(used)
}

test.concurrent('[C9] [L6] a call whose budget is spent in the midst of its reply hears that whole, the goodbye, and why', async () => {
  const tenant = await broker.tenant({ plan: 'scale', budgets: { tokensPerHour: 5 } })
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  caller.send({ type: 'session.update', session: { ...sessionSettings, tools: [] } })
  await caller.next('session.updated')
  caller.say(turn(1)) // what it costs to write down is reported when the reply has begun
  await caller.next('response.created')
  await caller.until(() => reportsOf(caller).length > 0, 'the transcription’s report')
  expect(reportsOf(caller)).toMatchObject([{ kind: 'transcription' }])
  await eventually(
    () => broker.usage(tenant),
    ({ tokens = 0 }) => tokens > 0,
  )
  caller.say(turn(2)) // nobody hears that any more: before its desk knew, it would have interrupted the reply
  await heardOut(caller)
  expect(reportsOf(caller).map(({ kind }) => kind)).toEqual(['transcription', 'response'])
  await booked(tenant, [caller])
})

test.concurrent(`[C9] [L6] ${talkers} calls of one tenant, in mid-reply when one of them spends the last: each hears its reply whole, and none begins another`, async () => {
  const tenant = await broker.tenant({ plan: 'scale' })
  const callers = await Promise.all(Array.from({ length: talkers }, () => liveCaller(broker.wsUrl, tenant.key)))
  const budget = 10
  await limit(tenant, { tokensPerHour: budget })
  const [first, ...others] = callers as [Caller, ...Caller[]]
  for (const caller of others) caller.send({ type: 'response.create', response: { instructions: `Say "${long}"` } })
  await Promise.all(others.map((caller) => caller.next('response.output_audio.delta')))
  first.send({ type: 'response.create', response: { instructions: 'Say "Yes."' } })
  await first.next('response.done')
  expect(others.filter((caller) => caller.of('response.done').length > 0)).toEqual([])
  for (const caller of others) caller.send({ type: 'response.create', event_id: 'mine' })
  await Promise.all(callers.map((caller) => heardOut(caller)))
  expect(others.map((caller) => answers(caller).length)).toEqual(others.map(() => 1)) // there is none, whoever says so
  const replies = callers.map((caller) => reportsOf(caller))
  expect(replies.map((reports) => reports.length)).toEqual(callers.map(() => 1))
  await booked(tenant, callers)
  const [crossing, ...over] = replies.map(tokensOf) as [number, ...number[]]
  expect(crossing).toBeGreaterThanOrEqual(budget)
  const { tokens: used = 0 } = await broker.usage(tenant)
  expect(used - budget).toBeLessThanOrEqual(talkers * Math.max(crossing, ...over)) // no more than a report a call
})

test.concurrent('[L6] one that says nothing when the budget is lowered below what was used hears the goodbye at once', async () => {
  const tenant = await broker.tenant({ plan: 'scale', caps: { lines: 1 } })
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  caller.send({ type: 'response.create', response: { instructions: 'Say "Yes."' } })
  await caller.next('response.done')
  await eventually(
    () => broker.usage(tenant),
    ({ tokens = 0 }) => tokens > 0,
  )
  await limit(tenant, { tokensPerHour: 1 })
  await heardOut(caller)
  await booked(tenant, [caller])
})
