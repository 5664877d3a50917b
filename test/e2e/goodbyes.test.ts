// Stock clients, unmodified, that are sent away: they hear the apology, learn why, and are closed late enough not to come storming back.
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startBroker, type Broker, type MadeTenant, type TenantBody } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { at } from '../support/gathering.ts'
import { callSim, type Talker } from '../support/scenario.ts'
import { secured, type Secured } from '../support/secure.ts'
import { stockClients, type StockClient } from '../support/stock-clients.ts'

let broker: Broker
let front: Secured
let tenant: MadeTenant
let others: Caller[] = []
beforeAll(async () => {
  broker = await startBroker(callSim)
  front = await secured(broker)
})
afterAll(async () => {
  await front.close()
  await broker.close()
})
afterEach(async () => {
  for (const caller of others.splice(0)) caller.vanish()
  await broker.quiet(tenant, 2_000)
})

const apology = readFileSync(new URL('../../web/public/hold/en/sorry.pcm', import.meta.url))

/** A tenant whose one line is taken. */
async function busy(settings: TenantBody): Promise<void> {
  tenant = await broker.tenant({ caps: { lines: 1 }, ...settings })
  others.push(await liveCaller(broker.wsUrl, tenant.key))
}

function lastLine({ audio, heard }: Talker): { name: unknown; pcm: Buffer } {
  const done = heard.of('response.done').at(-1)
  const pieces = audio.get(String(at(done, 'response.id'))) ?? []
  return { name: at(done, 'response.metadata.trunkline'), pcm: Buffer.concat(pieces) }
}

/** It has heard all of the apology when it is told, and is closed two seconds later. */
async function sentAway(client: StockClient, line: string, code: string): Promise<void> {
  const talker = await client.dial(tenant, broker, front)
  const { heard } = talker
  await heard.until(() => heard.of('error').length > 0, 'the error event')
  const toldAt = performance.now()
  const { name, pcm } = lastLine(talker)
  expect([name, pcm.equals(apology)]).toEqual([line, true])
  expect(at(heard.of('error')[0], 'error')).toMatchObject({ type: 'rate_limit_error', code })
  await heard.until(() => talker.errors.length > 0, 'the client’s own error event')
  expect(JSON.stringify(talker.errors[0])).toContain(code)
  const closed = await talker.ended()
  if (client.tellsCode) expect(closed).toBe(1013)
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
  expect(heard.of('session.created')).toEqual([])
  expect(heard.of('error')).toHaveLength(1)
}

test.each(stockClients)(
  '[H5] [R5] $name whose patience is over hears so, is told, and closed later',
  async (client) => {
    await busy({ hold: { patienceSeconds: 1 } })
    await sentAway(client, 'sorry', 'queue_timeout')
    const records = await eventually(
      () => broker.records(tenant),
      ([newest]) => newest?.ended !== null,
    )
    expect(records.map(({ record }) => record?.outcome.why)).toEqual(['queue_timeout', undefined])
  },
)

test.each(stockClients)(
  '[H5] [R5] $name that finds a full queue hears so, is told, and closed later',
  async (client) => {
    await busy({ plan: 'trial' })
    for (let place = 1; place <= 5; place++) {
      const caller = new Caller(broker.wsUrl, tenant.key)
      others.push(caller)
      expect(await caller.next('trunkline.queue.joined')).toMatchObject({ position: place })
    }
    await sentAway(client, 'full', 'queue_full')
    expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 5 })
    expect(await broker.records(tenant)).toHaveLength(6)
  },
)
