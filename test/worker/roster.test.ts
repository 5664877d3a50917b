// The contracts on the storage of a real Durable Object in workerd.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { SqlRoster } from '../../src/roster-sql.ts'
import { sqlOf } from '../../worker/storage.ts'
import { outboxContract } from '../contract/outbox-streams.ts'
import { poolContract } from '../contract/pool-streams.ts'
import { rosterContract, type Home } from '../contract/roster.ts'
import { streamContract } from '../contract/streams.ts'

let objects = 0

const home: Home = (work) =>
  runInDurableObject(env.DESK.getByName(`roster ${objects++}`), (_desk, { storage }) => {
    const sql = sqlOf(storage)
    SqlRoster.prepare(sql)
    storage.transactionSync(() => work((name) => new SqlRoster(sql, name)))
  })

rosterContract(home)
streamContract('a Durable Object', home, 5_000)
poolContract('a Durable Object', home, 5_000)
outboxContract('a Durable Object', home, 5_000)
