// The race: four processes on one Redis, 500 upgrades at once, again and again. TRUNKLINE_ROUNDS says how often (`npm run race`: 200).
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MadeTenant, TenantBody } from '../support/broker.ts'
import { burst, type Burst, type Comer } from '../support/burst.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { eventually } from '../support/eventually.ts'
import { startNodes, type Nodes } from '../support/nodes.ts'

const rounds = Number(process.env['TRUNKLINE_ROUNDS'] ?? 5)
const upgrades = 500
const lines = 50

let nodes: Nodes
beforeAll(async () => {
  nodes = await startNodes(4)
})
afterAll(() => nodes.end())

const wsUrls = (): string[] => nodes.members.map(({ broker }) => broker.wsUrl)
const first = (): Nodes['members'][0]['broker'] => (nodes.members[0] as Nodes['members'][0]).broker

/** A tenant with enough keys that none of them is braked. */
async function tenantWithKeys(settings: TenantBody): Promise<{ tenant: MadeTenant; keys: string[] }> {
  const tenant = await first().tenant(settings)
  const keys = [tenant.key]
  while (keys.length < 10) {
    const { body } = await first().admin('POST', `/tenants/${tenant.id}/keys`, { name: `key ${keys.length}` })
    keys.push(body['key'] as string)
  }
  return { tenant, keys }
}

function comers(keys: readonly string[]): Comer[] {
  return Array.from({ length: upgrades }, (_, i) => ({
    key: keys[i % keys.length] as string,
    address: `10.0.${i >> 8}.${i & 255}`,
  }))
}

/** The most live calls that its store has told of, asked again and again until it is told to stop. */
function watch(ask: () => Promise<number>): () => Promise<number> {
  let [most, on] = [0, true]
  const watching = (async () => {
    while (on) most = Math.max(most, await ask())
  })()
  return async () => {
    on = false
    await watching
    return most
  }
}

const decided = ({ upgrades: all }: Burst): boolean => all.every(({ met }) => met !== undefined)
const liveOf = ({ upgrades: all }: Burst): number => all.filter(({ live }) => live).length

async function emptied(race: Burst, tenants: readonly MadeTenant[]): Promise<void> {
  race.vanish()
  for (const tenant of tenants)
    await eventually(
      () => first().lines(tenant),
      ({ live, waiting }) => live + waiting === 0,
    )
  await eventually(
    async () => nodes.sim.totals.live,
    (live) => live === 0,
  )
}

test(
  `[G11] ${upgrades} upgrades at once over 4 processes at cap ${lines}, ${rounds} times: never one too many, none too few`,
  async () => {
    const { tenant, keys } = await tenantWithKeys({ plan: 'growth', caps: { lines } })
    const spread: number[] = []
    for (let round = 0; round < rounds; round++) {
      const holds = round % 2 === 0
      await first().admin('PATCH', `/tenants/${tenant.id}`, { overflow: holds ? 'hold' : 'upgrade' })
      nodes.sim.totals.mostLive = 0
      const stop = watch(() => first().live(tenant))
      const race = await burst(wsUrls(), comers(keys))
      spread.push(race.tookMs)
      await race.until(decided, 'all are decided')
      expect([race.count('live'), race.count('gone')]).toEqual([lines, 0])
      if (holds) {
        // 100 wait: they have the lines of half of those who talk, one by one, wherever they are.
        expect(race.count('waits')).toBe(100)
        const talking = race.upgrades.filter(({ live }) => live)
        talking.slice(0, lines / 2).forEach((one) => one.hangUp())
        const served = (all: Burst): number => all.upgrades.filter(({ met, live }) => met === 'waits' && live).length
        await race.until((all) => served(all) === lines / 2, 'those who waited have their lines', 1_000)
        expect(liveOf(race)).toBe(lines)
      } else expect(race.count('refused')).toBe(upgrades - lines)
      expect(nodes.sim.totals.live).toBe(lines)
      expect(nodes.sim.totals.mostLive).toBe(lines)
      await emptied(race, [tenant])
      expect(await stop()).toBe(lines)
    }
    process.stderr.write(`upgrades were sent within ${Math.round(Math.max(...spread))} ms at most\n`)
  },
  20_000 + rounds * 10_000,
)

test(
  `[G11] [P1] the same under one quota of ${lines} sessions for three tenants, ${rounds} times`,
  async () => {
    const thresholds = { trial: 1, starter: 1, growth: 1, scale: 1 }
    const ceiling = { tokensPerMinute: null, sessions: lines }
    expect((await first().admin('PATCH', '/pools/openai', { ceiling, thresholds })).status).toBe(200)
    const three = await Promise.all([1, 2, 3].map(() => tenantWithKeys({ plan: 'growth', overflow: 'hold' })))
    const tenants = three.map(({ tenant }) => tenant)
    const keys = Array.from({ length: 30 }, (_, i) => three[i % 3]?.keys[i % 10] as string)
    for (let round = 0; round < rounds; round++) {
      nodes.sim.totals.mostLive = 0
      const stop = watch(async () => {
        const live = await Promise.all(tenants.map((tenant) => first().live(tenant)))
        return live.reduce((sum, one) => sum + one)
      })
      const race = await burst(wsUrls(), comers(keys))
      await race.until(decided, 'all are decided')
      await race.until((all) => liveOf(all) === lines, `${lines} are live`, 2_000)
      race.upgrades
        .filter(({ live }) => live)
        .slice(0, lines / 2)
        .forEach((one) => one.hangUp())
      await race.until((all) => liveOf(all) === lines / 2, 'half have hung up')
      await race.until((all) => liveOf(all) === lines, 'what came back is used', 2_000)
      expect([nodes.sim.totals.live, nodes.sim.totals.mostLive]).toEqual([lines, lines])
      await emptied(race, tenants)
      expect(await stop()).toBeLessThanOrEqual(lines)
    }
    await first().admin('PATCH', '/pools/openai', { ceiling: null, thresholds: {} })
  },
  20_000 + rounds * 10_000,
)

test('[G6] a caller queued on one node has the line that frees on another within 1 s', async () => {
  const [a, b] = nodes.members.map(({ broker }) => broker.wsUrl) as [string, string]
  const tenant = await first().tenant({ caps: { lines: 1 } })
  const talks = await liveCaller(b, tenant.key)
  const waits = new Caller(a, tenant.key)
  await waits.next('trunkline.queue.joined')
  await talks.hangUp()
  await waits.next('session.created', 1_000)
  await waits.hangUp()
  await first().quiet(tenant)
})
