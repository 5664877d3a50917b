// What a tenant's budgets do to whole calls: who is warned, who is refused and how, who comes in again; trials that burn; budgets that are tried.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstReply } from '../../src/limits.ts'
import type { Broker, MadeTenant, TenantBody } from '../support/broker.ts'
import { burst, decided } from '../support/burst.ts'
import { Caller, liveCaller, type CallerOptions } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at } from '../support/gathering.ts'
import { audioOf } from '../support/heard.ts'
import { pricedBroker } from '../support/priced-broker.ts'

/** One reply of this model costs more than a trial may spend in ten minutes. */
const dear = 'gpt-realtime-2.1-mini'
const each = { input: 10_000, cached: 10_000, output: 10_000 }

let broker: Broker
beforeAll(async () => {
  broker = await pricedBroker({ [dear]: { text: each, audio: each } })
})
afterAll(() => broker.close())

const closedLine = readFileSync(new URL('../../web/public/hold/en/closed.pcm', import.meta.url))

async function change(tenant: MadeTenant, settings: object): Promise<void> {
  expect((await broker.admin('PATCH', `/tenants/${tenant.id}`, settings)).status).toBe(200)
}

/** A caller that has heard something; a busy machine sheds those of trials first, and they come again when they were told to. */
async function comes(tenant: MadeTenant, options?: CallerOptions): Promise<Caller> {
  const caller = new Caller(broker.wsUrl, tenant.key, options)
  await caller.until(() => caller.events.length > 0 || caller.refused !== undefined, 'an answer')
  const { refused } = caller
  if (refused === undefined) return caller
  expect([refused.status, refused.body]).toEqual([503, expect.any(String)])
  await new Promise((resolve) => setTimeout(resolve, Number(refused.headers['retry-after']) * 1000))
  return comes(tenant, options)
}

/** One short reply; its tokens, when the ledger has them. */
async function talk(caller: Caller, tenant: MadeTenant, instructions = 'Say "Yes."'): Promise<number> {
  const { replies: before = 0 } = await broker.usage(tenant)
  caller.send({ type: 'response.create', response: { instructions } })
  const done = await caller.next('response.done')
  await eventually(
    () => broker.usage(tenant),
    ({ replies = 0 }) => replies > before,
  )
  return at(done, 'response.usage.total_tokens') as number
}

function isLive({ types }: Caller): boolean {
  return types.includes('session.created')
}

/** What the operator's log says of its budgets, once it says anything: workerd's lines come a little later. */
function logged(tenant: MadeTenant): Promise<string[]> {
  const says = /budget warning|budget exhausted|tenant suspended/
  const lines = async () =>
    broker.log.filter((line) => line.includes(tenant.id)).flatMap((line) => says.exec(line) ?? [])
  return eventually(lines, ({ length }) => length > 0)
}

/** A tenant that has spent its budget of an hour, and nobody of it talks. */
async function spent(settings: TenantBody): Promise<MadeTenant> {
  const tenant = await broker.tenant({ plan: 'scale', budgets: { tokensPerHour: 1 }, ...settings })
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  caller.send({ type: 'response.create', response: { instructions: 'Say "Yes."' } })
  expect(await caller.error()).toMatchObject({ code: 'budget_exhausted' })
  caller.vanish()
  await broker.quiet(tenant, 5_000)
  return tenant
}

const upgrades = 100

test(`[L4] [L6] of ${upgrades} upgrades at once, with a line for each and budget for one reply, one is let in; when it has gone, the next`, async () => {
  const budget = firstReply.input + firstReply.output
  const settings = { caps: { lines: upgrades }, overflow: 'event', budgets: { tokensPerHour: budget } }
  const tenant = await broker.tenant({ plan: 'scale', ...settings })
  const comers = Array.from({ length: upgrades }, (_, i) => ({ key: tenant.key, address: `198.51.100.${i}` }))
  const all = await burst([broker.wsUrl], comers)
  await decided(all, 20_000)
  expect(all.tally()).toEqual({ live: 1, budget_held: upgrades - 1 })
  expect(await broker.live(tenant)).toBe(1)
  all.vanish()
  await broker.quiet(tenant, 5_000)
  const next = await liveCaller(broker.wsUrl, tenant.key)
  const after = new Caller(broker.wsUrl, tenant.key)
  expect(await after.error()).toMatchObject({ code: 'budget_held' })
  await next.hangUp()
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  await broker.quiet(tenant, 5_000)
})

test.concurrent('[L6] at 80 % the app of each live call is warned, once, and goes on', async () => {
  const plan = 'starter' // nobody else's here
  const tenant = await broker.tenant({ plan, caps: { lines: 2 } })
  const [talks, hears] = (await Promise.all([1, 2].map(() => liveCaller(broker.wsUrl, tenant.key)))) as [Caller, Caller]
  const used = await talk(talks, tenant)
  const limit = Math.floor((used * 2) / 0.85)
  await change(tenant, { budgets: { tokensPerHour: limit } })
  expect([...talks.types, ...hears.types]).not.toContain('trunkline.budget.warning')
  expect(await talk(hears, tenant)).toBe(used) // its first reply, as that was
  for (const caller of [talks, hears]) {
    const { event_id, resets_at, share, ...notice } = await caller.next('trunkline.budget.warning')
    expect(notice).toEqual({ type: 'trunkline.budget.warning', window: 'hour', of: 'tokens', used: 2 * used, limit })
    expect(share).toBeCloseTo((2 * used) / limit, 4)
    expect(event_id).toMatch(/^event_trunkline_/)
    expect(Date.parse(String(resets_at)) % 900_000).toBe(0) // an hour of its clock begins at :00 or :15
  }
  await change(tenant, { name: 'again' }) // looked at anew, and told already
  await talks.hangUp()
  await hears.hangUp()
  await eventually(
    () => broker.metric('trunkline_call_ends_total', { plan }),
    (ends) => ends === 2,
  )
  expect(await broker.metric('trunkline_budget_alerts_total', { plan })).toBe(1)
  expect([talks, hears].map((caller) => caller.of('trunkline.budget.warning').length)).toEqual([1, 1])
  expect(await logged(tenant)).toEqual(['budget warning'])
  expect((await broker.records(tenant)).map(({ record }) => record?.outcome.why)).toEqual(['hung_up', 'hung_up'])
})

test.concurrent('[L6] [H4] who comes when it is spent hears a line, and when it begins anew', async () => {
  const tenant = await spent({ overflow: 'hold' })
  const caller = new Caller(broker.wsUrl, tenant.key)
  const error = await caller.error()
  const toldAt = performance.now()
  expect(error).toMatchObject({ type: 'rate_limit_error', code: 'budget_exhausted' })
  expect(error['message']).toMatch(
    /^The budget of 1 tokens for this hour is spent\. It begins anew at 20\d\d-.*:(00|15):00\.000Z/,
  )
  expect(audioOf(caller).equals(closedLine)).toBe(true)
  expect(await caller.closing()).toMatchObject({ code: 1008 })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
  expect(await broker.records(tenant)).toHaveLength(1)
  expect(await logged(tenant)).toEqual(['budget warning', 'budget exhausted'])
})

test.concurrent('[L6] [H6] where the tenant has callers refused before the upgrade it is HTTP 429, until it begins anew', async () => {
  const tenant = await spent({ overflow: 'upgrade' })
  const { status, body } = await new Caller(broker.wsUrl, tenant.key).refusal()
  const { error } = JSON.parse(body) as { error: { code: string; message: string } }
  expect([status, error.code]).toEqual([429, 'budget_exhausted'])
  const [, ends = ''] = /It begins anew at (\S+):/.exec(error.message) ?? []
  const leftMs = Date.parse(ends) - Date.now()
  expect([leftMs > 0, leftMs <= 3_600_000]).toEqual([true, true])
})

test.concurrent('[L6] a budget that is raised lets callers in again at once', async () => {
  const tenant = await spent({ overflow: 'event' })
  const refused = new Caller(broker.wsUrl, tenant.key)
  expect(await refused.error()).toMatchObject({ code: 'budget_exhausted' })
  const toldAt = performance.now()
  await refused.closing()
  expect(performance.now() - toldAt).toBeGreaterThan(1_950) // some clients come back at once
  await change(tenant, { budgets: { tokensPerHour: 1_000_000 } })
  const caller = await liveCaller(broker.wsUrl, tenant.key)
  expect(await talk(caller, tenant)).toBeGreaterThan(0)
  await caller.hangUp()
})

test.concurrent('[L6] who waits for a line when it is spent is told so, and waits no more', async () => {
  const tenant = await broker.tenant({ plan: 'scale', caps: { lines: 1 }, budgets: { tokensPerHour: 2_000 } })
  const talks = await liveCaller(broker.wsUrl, tenant.key)
  await talk(talks, tenant) // from now on nothing is held
  const waits = new Caller(broker.wsUrl, tenant.key)
  await waits.next('trunkline.queue.joined')
  await change(tenant, { budgets: { tokensPerHour: 1 } })
  expect(await waits.error()).toMatchObject({ code: 'budget_exhausted' })
  expect(await waits.closing()).toMatchObject({ code: 1008 })
  expect(await talks.error()).toMatchObject({ code: 'budget_exhausted' })
  await talks.closing()
  await broker.quiet(tenant, 5_000)
  const whys = (await broker.records(tenant)).map(({ record }) => record?.outcome.why)
  expect(whys).toEqual(['budget_exhausted', 'budget_exhausted'])
})

test.concurrent('[L4] [G6] who came to wait while nothing was held is put through when its first reply fits, and not with those before it', async () => {
  const tenant = await broker.tenant({ plan: 'scale', caps: { lines: 1 }, budgets: { tokensPerHour: 1_900 } })
  const talks = await liveCaller(broker.wsUrl, tenant.key)
  await talk(talks, tenant) // from now on nothing is held
  const [next, after] = [new Caller(broker.wsUrl, tenant.key), new Caller(broker.wsUrl, tenant.key)] as const
  for (const caller of [next, after]) await caller.next('trunkline.queue.joined')
  await change(tenant, { caps: { lines: 3 } })
  await eventually(
    async () => [next, after].some(isLive),
    (one) => one,
  )
  const [seated, waits] = isLive(next) ? [next, after] : [after, next]
  expect((await broker.ask('GET', '/v1/queue', tenant.key)).body['data']).toMatchObject([{ short: 'budget' }])
  expect(waits.types).not.toContain('trunkline.queue.admitted')
  await talk(seated, tenant)
  await waits.next('session.created', 5_000) // with the word, not with a heartbeat
  for (const caller of [talks, seated, waits]) await caller.hangUp()
})

test.concurrent('[L7] a trial that spends too fast is suspended: its calls hear the goodbye, and no other is let in', async () => {
  const budgets = { spendUsdPerHour: 1_000, tokensPerDay: 1e9 }
  const tenant = await broker.tenant({ plan: 'trial', budgets, overflow: 'event' })
  const [burns, quiet] = (await Promise.all([1, 2].map(() => comes(tenant, { model: dear })))) as [Caller, Caller]
  burns.send({ type: 'response.create', response: { instructions: `Say "Yes." ${'This costs much. '.repeat(300)}` } })
  for (const caller of [burns, quiet]) {
    expect(await caller.error(20_000)).toMatchObject({ code: 'tenant_suspended' })
    const [done] = caller.of('response.done').slice(-1)
    expect(at(done, 'response.metadata.trunkline')).toBe('goodbye')
    expect(await caller.closing()).toMatchObject({ code: 1008 })
  }
  expect(await (await comes(tenant)).error()).toMatchObject({ code: 'tenant_suspended' })
  await broker.quiet(tenant, 5_000)
  expect((await broker.usage(tenant))['micro_usd']).toBeGreaterThan(8_333_333)
  const suspensions = await eventually(
    () => broker.metric('trunkline_suspensions_total'),
    (count) => count > 0,
  )
  expect(suspensions).toBe(1)
  expect(await logged(tenant)).toEqual(['tenant suspended'])
})

test.concurrent('[L7] a trial whose days are over is let in no more', async () => {
  const tenant = await broker.tenant({ plan: 'trial', trialDays: 0, overflow: 'event' })
  expect(await (await comes(tenant)).error()).toMatchObject({ code: 'trial_ended' })
  await change(tenant, { trialDays: 1 })
  const caller = await comes(tenant)
  await caller.next('session.created')
  await caller.hangUp()
})

test.concurrent('[L6] [M1] budgets and lines that are only tried are counted, and end nobody', async () => {
  const shadow = { lines: 1, budgets: { tokensPerHour: 1 } }
  const tenant = await broker.tenant({ plan: 'growth', shadow })
  const callers = [await liveCaller(broker.wsUrl, tenant.key), await liveCaller(broker.wsUrl, tenant.key)]
  for (const caller of callers) for (let reply = 0; reply < 2; reply++) await talk(caller, tenant)
  const counted = async (): Promise<number[]> => {
    const [shown, labels] = [await broker.scrape(), { plan: 'growth' }]
    const levels = ['warning', 'exhausted'].map((level) =>
      shown.sum('trunkline_budget_alerts_total', { ...labels, level, shadow: 'true' }),
    )
    return [...levels, shown.sum('trunkline_shadow_refusals_total', labels)]
  }
  expect(await eventually(counted, ([warning]) => (warning ?? 0) > 0)).toEqual([1, 1, 1])
  expect(
    callers.flatMap(({ types }) => types.filter((type) => type === 'error' || type.startsWith('trunkline'))),
  ).toEqual([])
  for (const caller of callers) await caller.hangUp()
  expect((await broker.records(tenant)).map(({ record }) => record?.replies)).toEqual([2, 2])
})
