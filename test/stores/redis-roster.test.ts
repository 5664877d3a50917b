// The contracts on rosters in a real Redis: roster.lua under the rules as they run in JavaScript.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll } from 'vitest'
import { outboxContract } from '../contract/outbox-streams.ts'
import { poolContract } from '../contract/pool-streams.ts'
import { rosterContract, type Home } from '../contract/roster.ts'
import { streamContract } from '../contract/streams.ts'
import { startRedis, type Redis } from './redis.ts'
import { RedisRosters } from './redis-sync.ts'

/** A function for tests: one verb of one roster. */
const verbs = `
redis.register_function(LIBRARY .. 'roster', function(keys, args)
    local question, written = cjson.decode(args[1]), {}
    if rosters == nil then rosters = begin() end
    local open, sums = rosters('trunkline:{rosters}:', written)
    local roster = open(question[1])
    local answer = roster[question[2]](roster, unpack(question[3]))
    sums:keep()
    if answer == nil then return false end
    if type(answer) == 'number' then return string.format('%.17g', answer) end
    return cjson.encode(answer)
end)`

let redis: Redis
let rosters: RedisRosters

beforeAll(async () => {
  redis = await startRedis()
  const roster = readFileSync(new URL('../../broker/redis/lua/roster.lua', import.meta.url), 'utf8')
  const name = await redis.library(`local rosters\nlocal function begin()\n${roster}\nreturn rosters_at\nend\n${verbs}`)
  rosters = new RedisRosters(redis.port, `${name}_roster`)
}, 20_000)
afterAll(async () => {
  await rosters?.close()
  await redis?.end()
})

const home: Home = async (work) => {
  await redis.send('FLUSHDB')
  work(rosters.open)
}

rosterContract(home)
streamContract('Redis', home, 400)
poolContract('Redis', home, 400)
outboxContract('Redis', home, 400)
