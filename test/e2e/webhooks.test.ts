// A whole call, and what its tenant is told of it by webhook: as each host sends it, with the development setting, to a receiver on this machine.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { host } from '../support/host.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'

interface Came {
  headers: IncomingHttpHeaders
  body: string
}

let broker: Broker
let receiver: Server
let came: Came[] = []
let answer: (response: ServerResponse) => void
let tenant: MadeTenant
let hook: { id: string; secret: string }

beforeAll(async () => {
  broker = await startBroker({}, undefined, host, { TRUNKLINE_ALLOW_PRIVATE_WEBHOOKS: 'true' })
  receiver = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += String(piece)
    came.push({ headers: request.headers, body })
    answer(response)
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
})
afterAll(async () => {
  await broker.close()
  receiver.close()
})
beforeEach(async () => {
  came = []
  answer = (response) => response.writeHead(204).end()
  tenant = await broker.tenant()
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  const { status, body } = await broker.admin('POST', `/tenants/${tenant.id}/webhooks`, { url })
  expect(status).toBe(201)
  hook = body as unknown as typeof hook
})
afterEach(() => receiver.closeAllConnections())

const arrived = (count: number): Promise<Came[]> =>
  eventually(
    async () => came,
    (all) => all.length >= count,
  )

async function shown(): Promise<Record<string, unknown>> {
  return (await broker.admin('GET', `/tenants/${tenant.id}/webhooks/${hook.id}`)).body
}

function verifiedBy(secret: string, { headers, body }: Came): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>)
}

test('[A5] a call that hangs up is told to its tenant, who verifies it; rotated, both secrets do', async () => {
  const delivered = (): Promise<number> => broker.metric('trunkline_webhook_deliveries_total', { outcome: 'delivered' })
  const before = await delivered()
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  const [first] = await arrived(1)
  const [record] = await broker.records(tenant)
  expect(verifiedBy(hook.secret, first as Came)).toMatchObject({
    type: 'call.ended',
    data: { tenant: tenant.id, call: record?.id, key: tenant.keyId, agent: null, outcome_why: 'hung_up' },
  })
  const { body } = await broker.admin('POST', `/tenants/${tenant.id}/webhooks/${hook.id}/rotate`)
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  const [, second] = await arrived(2)
  for (const secret of [hook.secret, body['secret'] as string])
    expect(verifiedBy(secret, second as Came)).toMatchObject({ type: 'call.ended' })
  await eventually(shown, ({ last }) => (last as { status?: number } | null)?.status === 204)
  await eventually(delivered, (count) => count === before + 2)
  expect(await broker.metric('trunkline_webhook_messages_waiting')).toBe(0)
})

test('[A5] a test is answered with what came of it; 410 switches the endpoint off', async () => {
  const test = async () => (await broker.admin('POST', `/tenants/${tenant.id}/webhooks/${hook.id}/test`)).body
  expect(await test()).toMatchObject({ delivered: true, status: 204, error: null })
  expect(verifiedBy(hook.secret, came[0] as Came)).toMatchObject({ type: 'webhook.test', data: { webhook: hook.id } })
  answer = (response) => response.writeHead(410).end()
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  await eventually(shown, ({ enabled }) => enabled === false)
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  await broker.quiet(tenant)
  answer = (response) => response.end()
  await broker.admin('PATCH', `/tenants/${tenant.id}/webhooks/${hook.id}`, { enabled: true })
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  await arrived(3)
  await eventually(shown, ({ last }) => (last as { status?: number } | null)?.status === 200)
  const [third, , first] = await broker.records(tenant)
  expect(came.slice(1).map(({ headers }) => headers['webhook-id'])).toEqual([
    `${first?.id}_ended`,
    `${third?.id}_ended`,
  ])
})

test('[A5] what failed is sent again after some seconds, though nobody calls; calls go on while a receiver is silent', async () => {
  answer = () => undefined
  await (await liveCaller(broker.wsUrl, tenant.key)).hangUp()
  await arrived(1)
  const other = await liveCaller(broker.wsUrl, tenant.key)
  await other.hangUp()
  await broker.quiet(tenant)
  receiver.closeAllConnections() // cut, not answered
  answer = (response) => response.end()
  const all = await eventually(
    async () => came,
    (list) => new Set(list.map(({ headers }) => headers['webhook-id'])).size === 2 && list.length >= 3,
    20_000,
  )
  for (const one of all) expect(verifiedBy(hook.secret, one)).toMatchObject({ type: 'call.ended' })
  await eventually(shown, ({ last }) => (last as { status?: number } | null)?.status === 200)
})
