// The contracts on rosters that are kept as a row each: also when every read is from the row, and when a step is undone.
import { describe, expect, test } from 'vitest'
import { PackedRosters } from '../../src/roster-packed.ts'
import { rosterContract, type Home } from '../contract/roster.ts'
import { streamContract } from '../contract/streams.ts'
import { openSqlite } from './sqlite.ts'

const home: Home = async (work) => {
  const { sql, transact, close } = openSqlite()
  PackedRosters.prepare(sql)
  const rosters = new PackedRosters(sql)
  rosters.kept(transact)(() => work((name) => rosters.open(name)))
  close()
}

rosterContract(home)
streamContract('packed rosters', home, 5_000)

function scene() {
  const { sql, transact } = openSqlite()
  PackedRosters.prepare(sql)
  const rosters = new PackedRosters(sql)
  return { sql, rosters, step: rosters.kept(transact), again: () => new PackedRosters(sql) }
}

describe('what a step writes', () => {
  test('[L1] is one row a roster, which another life reads', () => {
    const { sql, rosters, step, again } = scene()
    step(() => {
      for (let i = 0; i < 50; i++) rosters.open('a').add(`account ${i}`, i)
      rosters.open('b').set('x', 1)
    })
    expect(sql('SELECT name FROM packed ORDER BY name')).toMatchObject([{ name: 'a' }, { name: 'b' }])
    expect([again().open('a').sum(), again().open('b').get('x')]).toEqual([1_225, 1])
  })

  test('[L1] is undone with it', () => {
    const { rosters, step, again } = scene()
    step(() => rosters.open('a').set('x', 1))
    const broken = new Error('broken')
    const breaks = (): never => {
      rosters.open('a').add('x', 5)
      rosters.open('b').set('y', 1)
      throw broken
    }
    expect(() => step(breaks)).toThrow(broken)
    expect([rosters.open('a').get('x'), rosters.open('b').size()]).toEqual([1, 0])
    step(() => rosters.open('a').add('x', 1))
    expect([again().open('a').get('x'), again().open('b').size()]).toEqual([2, 0])
  })

  test('[L5] is no row when nothing is left of it', () => {
    const { sql, rosters, step } = scene()
    step(() => {
      for (const name of ['a', 'b', 'c']) rosters.open(name).set('x', 1)
    })
    step(() => {
      rosters.open('a').delete('x')
      rosters.open('b').purge(1)
      rosters.open('c').purge(0)
    })
    expect(sql('SELECT name FROM packed')).toMatchObject([{ name: 'c' }])
  })

  test('[L1] is right however many rosters there are', () => {
    const { rosters, step, again } = scene()
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < 400; i++) step(() => rosters.open(`call ${i}`).add('x', i))
    expect(Array.from({ length: 400 }, (_, i) => again().open(`call ${i}`).get('x'))).toEqual(
      Array.from({ length: 400 }, (_, i) => 3 * i),
    )
  })
})
