// The contracts on node:sqlite, in memory and in a file.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SqlRoster } from '../../src/roster-sql.ts'
import { outboxContract } from '../contract/outbox-streams.ts'
import { poolContract } from '../contract/pool-streams.ts'
import { rosterContract, type Home } from '../contract/roster.ts'
import { streamContract } from '../contract/streams.ts'
import { openSqlite } from './sqlite.ts'

const home =
  (path: (folder: string) => string): Home =>
  async (work) => {
    const folder = mkdtempSync(join(tmpdir(), 'trunkline-roster-'))
    const { sql, transact, close } = openSqlite(path(folder))
    SqlRoster.prepare(sql)
    transact(() => work((name) => new SqlRoster(sql, name)))
    close()
    rmSync(folder, { recursive: true })
  }

for (const [name, path] of [
  ['in memory', () => ':memory:'],
  ['in a file', (folder: string) => join(folder, 'roster.db')],
] as const) {
  describe(name, () => {
    rosterContract(home(path))
    streamContract(`node:sqlite ${name}`, home(path), 5_000)
    poolContract(`node:sqlite ${name}`, home(path), 5_000)
    outboxContract(`node:sqlite ${name}`, home(path), 5_000)
  })
}

test('[S1] a value that is what it was is not written: a platform bills each row', () => {
  const { sql, close } = openSqlite()
  SqlRoster.prepare(sql)
  const roster = new SqlRoster(sql, 'leases')
  for (const [value, written] of [
    [7, 1],
    [7, 1],
    [8, 2],
  ] as const) {
    roster.set('a', value)
    expect(sql('SELECT total_changes() AS n')).toEqual([{ n: written }])
  }
  expect(roster.get('a')).toBe(8)
  close()
})
