// A desk that several hosts ask a pool for: one ask at a time, and another one for those who came since. On Maps.
import { expect, test } from 'vitest'
import { DeskPools } from '../../src/desk-pools.ts'
import { DeskRosters } from '../../src/desk-rosters.ts'
import { shareTimeoutMs } from '../../src/limits.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { grantOf } from '../support/grants.ts'

const needs = { tokens: { has: 0, wants: 10 }, sessions: { has: 0, wants: 1 } }

function pools(shared: boolean): DeskPools {
  const rosters = new Map<string, MapRoster>()
  const open = (name: string): MapRoster => {
    const roster = rosters.get(name) ?? new MapRoster()
    rosters.set(name, roster)
    return roster
  }
  return new DeskPools(new DeskRosters(open), shared)
}

test('[P1] while one host asks a pool another does not, and the answer says that it is to be asked again', () => {
  const desk = pools(true)
  expect(desk.ask('openai', needs, 100)).toBe(100)
  expect(desk.ask('openai', needs, 101)).toBeUndefined()
  expect(desk.take('openai', grantOf(0, 1, 1), 'word', 102)).toBe(false) // no answer
  expect(desk.take('openai', grantOf(0, 1, 2), 'answer', 103)).toBe(true)
  expect(desk.ask('openai', needs, 103)).toBe(103)
  expect(desk.take('openai', grantOf(0, 1, 3), 'answer', 104)).toBe(false) // nobody came since
})

test('[P10] an ask whose host is gone holds the others up no longer than an answer may take', () => {
  const desk = pools(true)
  desk.ask('openai', needs, 100)
  expect(desk.ask('openai', needs, 100 + shareTimeoutMs - 1)).toBeUndefined()
  expect(desk.ask('openai', needs, 100 + shareTimeoutMs)).toBe(100 + shareTimeoutMs)
  expect(desk.take('openai', undefined, 'answer', 6_000)).toBe(false) // unanswered: it is asked again after a while
})

test('[P1] each ask has a number above those before it, also where the clock stands still', () => {
  const desk = pools(false)
  expect([desk.ask('a', needs, 5), desk.ask('a', needs, 5), desk.ask('a', needs, 5), desk.ask('b', needs, 5)]).toEqual([
    5, 6, 7, 5,
  ])
})
