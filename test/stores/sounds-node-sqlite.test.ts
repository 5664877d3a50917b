// The contract of uploads on node:sqlite.
import { SqlSounds } from '../../src/sounds-sql.ts'
import { soundsContract } from '../contract/sounds.ts'
import { openSqlite } from './sqlite.ts'

soundsContract((work) => {
  const { sql, close } = openSqlite()
  SqlSounds.prepare(sql)
  work(sql)
  close()
})
