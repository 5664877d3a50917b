// The contract of uploads on the storage of a real Durable Object in workerd.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { SqlSounds } from '../../src/sounds-sql.ts'
import { sqlOf } from '../../worker/storage.ts'
import { soundsContract } from '../contract/sounds.ts'

let objects = 0

soundsContract((work) =>
  runInDurableObject(env.DESK.getByName(`sounds ${objects++}`), (_desk, { storage }) => {
    const sql = sqlOf(storage)
    SqlSounds.prepare(sql)
    work(sql)
  }),
)
