// What a desk may use of a pool, and whose word it takes.
import { beforeEach, expect, test } from 'vitest'
import { ask, held, take, unanswered, type Grant, type Holding } from '../../src/grant.ts'
import { MapRoster } from '../../src/roster-map.ts'

const of = 'openai/tokens'
let holding: Holding

const roster = (): MapRoster => new MapRoster()

beforeEach(() => {
  holding = { amounts: roster(), untils: roster(), versions: roster(), asked: roster() }
})

const grant = (amount: number, version: number): Grant => ({ amount, version })
const at = (now: number): { now: number; until: number } => ({ now, until: 100 })
const asks = (has: number, now: number): void => ask(holding, of, has, { now, answerMs: 5 })

test('[P9] a grant holds until it runs out, and then nothing does', () => {
  expect(held(holding, of, 0)).toBe(0)
  expect(take(holding, of, grant(30, 1), 'answer', at(0))).toBe(true)
  expect([held(holding, of, 99), held(holding, of, 100)]).toEqual([30, 0])
})

test('[P9] a desk that asks lets go of what its calls do not have, and never gets more by asking', () => {
  take(holding, of, grant(30, 1), 'answer', at(0))
  asks(20, 1)
  expect(held(holding, of, 1)).toBe(20)
  asks(90, 2)
  expect(held(holding, of, 2)).toBe(20)
})

test('[P1] an older version changes nothing, nor does the same one twice', () => {
  expect(take(holding, of, grant(30, 7), 'word', at(0))).toBe(true)
  expect(take(holding, of, grant(50, 7), 'word', at(0))).toBe(false)
  expect(take(holding, of, grant(50, 6), 'answer', at(0))).toBe(false)
  expect(held(holding, of, 0)).toBe(30)
})

test('[P1] the word of a pool that has never heard the desk has no version, and tells nothing', () => {
  expect(take(holding, of, grant(0, 0), 'answer', at(0))).toBe(false)
})

test('[P2] while an answer is awaited no other word counts: it would give back what was let go', () => {
  take(holding, of, grant(30, 1), 'answer', at(0))
  asks(10, 1)
  expect(take(holding, of, grant(40, 2), 'word', at(2))).toBe(false)
  expect(held(holding, of, 2)).toBe(10)
  expect(take(holding, of, grant(20, 3), 'answer', at(3))).toBe(true)
  expect(take(holding, of, grant(25, 4), 'word', at(4))).toBe(true)
})

test.each([
  { because: 'none came', end: () => unanswered(holding, of), later: 2 },
  { because: 'its time is over', end: () => undefined, later: 6 },
])('[P10] the pool’s word counts again when no answer comes: $because', ({ end, later }) => {
  asks(10, 1)
  end()
  expect(take(holding, of, grant(40, 2), 'word', at(later))).toBe(true)
  expect(held(holding, of, later)).toBe(40)
})

test('[P1] each unit of each pool stands for itself', () => {
  take(holding, of, grant(30, 9), 'answer', at(0))
  expect(take(holding, 'openai/sessions', grant(3, 1), 'answer', at(0))).toBe(true)
  ask(holding, of, 0, { now: 1, answerMs: 5 })
  expect([held(holding, of, 1), held(holding, 'openai/sessions', 1)]).toEqual([0, 3])
})
