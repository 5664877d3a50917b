// Faults put into the Lua on purpose: the random streams notice each. What they would not notice is not proven by them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisDesk } from '../../broker/redis/desk.ts'
import { RedisPool } from '../../broker/redis/pool.ts'
import { deskStreams, type TimedDesk } from './desk-streams.ts'
import { mailStreams } from './mail-streams.ts'
import { own, poolStreams } from './pool-beside.ts'
import { startRedis, timedSource, type Redis } from './redis.ts'

/** The first place of a text, and what stands there instead. */
type Mutant = readonly [from: string, to: string]

const ofDesk: readonly Mutant[] = [
  // the gate
  ['return lines.leases:size() >= lines.cap', 'return lines.leases:size() > lines.cap'],
  ['if not waits and not (fit and waiting == 0) then', 'if not waits and not fit then'],
  ['if waiting >= t.room then', 'if waiting > t.room then'],
  ['if fit and place == 0 then', 'if fit then'],
  ['desk.tickets:set(call, t.now + t.ttlMs)', 'desk.tickets:set(call, t.now + t.ttlMs + 1)'],
  ['if place ~= nil and caller ~= nil then', 'if place == nil and caller ~= nil then'],
  ['if leases:size() + ahead >= cap then', 'if leases:size() + ahead > cap then'],
  [
    'loads:size() >= sessions and loads:sum() + load <= tokens',
    'loads:size() >= sessions and loads:sum() + load < tokens',
  ],
  ['return leases:size() < cap and', 'return leases:size() <= cap and'],
  ['loads:size() < sessions and', 'true and'],
  ['ipairs({desk.places, desk.memory})', 'ipairs({desk.memory})'],
  ['return remembered or now - headStartMs', 'return now - headStartMs'],
  ['        desk.queue:delete(late)\n', ''],
  ['over = math.max(0, live - cap)', 'over = live - cap'],
  ['tokens.wants = tokens.wants + load', 'tokens.wants = load'],
  // grants, ledger, means, counts
  [
    '____exports.held(holding, of, t.now),\n            has\n',
    '____exports.held(holding, of, t.now),\n            math.huge\n',
  ],
  [
    'if grant.version <= (holding.versions:get(of) or 0) then',
    'if grant.version < (holding.versions:get(of) or 0) then',
  ],
  ['used:add(account, amount)', 'used:set(account, amount)'],
  [
    'if page == nil or used * 100 < limit.amount * percent then',
    'if page == nil or used * 100 <= limit.amount * percent then',
  ],
  ['page.told:set(name, limit.amount)', 'page.told:set(name, 0)'],
  ['others > 0 and 0 or 1,', '0,'],
  ['math.min(calls, meanCalls)', 'meanCalls'],
  ['value <= le and 1 or 0', 'value < le and 1 or 0'],
  ['if waitedMs > 0 then', 'if waitedMs >= 0 then'],
  // the desk and its homes
  ['return key.revoked_at == nil and', 'return true and'],
  ["return { why = 'key_revoked' } end", 'return nil end'],
  ["return redis.call('ZRANK', self.key, id) or nil", "return redis.call('ZREVRANK', self.key, id) or nil"],
  ["self.key, 0, n - 1, 'WITHSCORES'", "self.key, 0, n, 'WITHSCORES'"],
  ['self.known[scored[i]] = tonumber(scored[i + 1])', 'self.known[scored[i]] = tonumber(scored[2])'],
  ["names[#names + 1] = 'used:' .. id end", 'end'],
  ["'memory', 'pools', 'state', 'reply' }", "'memory', 'pools', 'reply' }"],
  ["names[#names + 1] = 'held:' .. part end", 'end'],
  ['waiting > before and self:seats(tenant, now).free > before', 'waiting > before'],
  ['comes then', 'entered ~= nil then'],
  ["before and '(' .. before or '+inf'", "before and '[' .. before or '+inf'"],
  ['    for _, text in ipairs(ask.audit) do homes.audit:write(text, now) end\n', ''],
  ['string.format(\'{"id":%d,"at":%.0f', 'string.format(\'{"id":%d,"at":0%.0f'],
  [
    "local late = redis.call('ZRANGEBYSCORE', self.key, '-inf', up_to)",
    "local late = redis.call('ZRANGEBYSCORE', self.key, '-inf', '(' .. up_to)",
  ],
  ['total + value - (self:get(id) or 0)', 'total + value'],
  ['total - (self:get(id) or 0)', 'total'],
  ['    self.known[id] = value\n', ''],
  ['    self.known[id] = false\n', ''],
  ["self:grown(redis.call('ZADD', self.key, value, id))", "redis.call('ZADD', self.key, value, id)"],
  ["self:grown(-redis.call('ZREM', self.key, id))", "redis.call('ZREM', self.key, id)"],
  [
    "self.rosters('calls:open'):set(call.id, call.admitted == nil and 0 or 1)",
    "self.rosters('calls:open'):set(call.id, 1)",
  ],
  ['table.sort(ids)\n', '\n'],
  ["before and '(' .. before or '+'", "before and '[' .. before or '+'"],
  ['local sum = tonumber(before[i] or nil) or 0', 'local sum = 0'],
  ['    desk:holdNarrow()\n', ''],
  ['again:get(pool) ~= nil', 'again:get(pool) == nil'],
]

const ofPool: readonly Mutant[] = [
  ['return number < (pool.asks:get(desk) or 0)', 'return number <= (pool.asks:get(desk) or 0)'],
  ['        if share < least then', '        if share <= least then'],
  [
    'local taken = pool.grants:sum() + pool.kept:sum() - own + more',
    'local taken = pool.grants:sum() + pool.kept:sum() + more',
  ],
  ['more <= own and math.max(1, threshold) or threshold', 'threshold'],
  ['if not t.learning and ask.busy then', 'if not t.learning then'],
  ['if ask.wants == 0 and not ask.busy then', 'if ask.has == 0 and not ask.busy then'],
  ['if epoch ~= nil and epoch ~= born and', 'if epoch ~= nil and'],
  ['local more = debited - (counted:get(desk) or debited)', 'local more = debited - (counted:get(desk) or 0)'],
]

const ofMail: readonly Mutant[] = [
  ['local ____until = now + messageClaimMs', 'local ____until = now + messageClaimMs + 1'],
  ['if at ~= ____until then', 'if false then'],
  ['if box.failures:get(hook) ~= nil then', 'if false then'],
  ['if before > 0 and box.rests:get(hook) ~= ____until then', 'if before > 0 then'],
  ['state.gone_at > on_at', 'state.gone_at == on_at'],
  ['if (kept and kept.hook.url) ~= url then', 'if kept == nil then'],
  ['    self:forsake(hook)\n    return true', '    return true'],
  ['box.waiting:purge(now - messageWaitMsMost)', 'box.waiting:purge(now - 2 * messageWaitMsMost)'],
  ['    if next >= late then', '    if next == late then'],
  ['    table.sort(ids)\n    for _, id in ipairs(ids) do hooks', '    for _, id in ipairs(ids) do hooks'],
  ['if homes.mail_after ~= nil then', 'if false then'],
  ['    if ask.forsake ~= nil then desk.outbox:forsake(ask.forsake) end\n', ''],
  ['for _, key in ipairs({ homes.hooks.at, homes.hooks.states })', 'for _, key in ipairs({ homes.hooks.at })'],
]

/** Enough for each of them. */
const steps = 40_000
let redis: Redis

beforeAll(async () => {
  redis = await startRedis()
}, 20_000)
afterAll(() => redis?.end())

async function load([from, to]: Mutant) {
  const source = timedSource()
  expect(source, `there is no "${from}" in the Lua`).toContain(from)
  return redis.load(source.replace(from, () => to))
}

/** Desks that run the mutant, each by its own clock. */
async function desksOf(mutant: Mutant): Promise<(run: number) => TimedDesk> {
  const fcall = await load(mutant)
  await redis.send('FLUSHDB')
  return (run) => {
    const tenant = `ten_${run}`
    const at = (now: number) => redis.send('SET', `trunkline:{${tenant}}:clock`, String(now))
    return { desk: new RedisDesk(tenant, fcall, { node: 'a', epoch: 1 }), at }
  }
}

test.each(ofDesk)('[S1] the streams of a desk notice "%s" as "%s"', { timeout: 120_000 }, async (from, to) => {
  const open = await desksOf([from, to])
  await expect(deskStreams(open, steps)).rejects.toThrow()
})

test.each(ofMail)('[A5] [S1] the streams of webhooks notice "%s" as "%s"', { timeout: 120_000 }, async (from, to) => {
  const open = await desksOf([from, to])
  await expect(mailStreams(open, steps)).rejects.toThrow()
})

test.each(ofPool)('[S1] the streams of a pool notice "%s" as "%s"', { timeout: 120_000 }, async (from, to) => {
  const fcall = await load([from, to])
  await redis.send('FLUSHDB')
  const open = (run: number) => {
    const key = `trunkline:{pool:p${run}}:pool`
    const pool = new RedisPool('openai', own, (name, _key, ...args) => fcall(name, key, ...args))
    return { pool, at: (now: number) => redis.send('SET', `trunkline:{pool:p${run}}:clock`, String(now)) }
  }
  await expect(poolStreams(open, steps)).rejects.toThrow()
})
