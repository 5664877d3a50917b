// Callers that came to wait while nothing was held of a budget that has room for one: they are put through one by one. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { leaseTtlMs, learningMs } from '../../src/limits.ts'
import { grantOf } from '../support/grants.ts'
import { silent } from '../support/words.ts'
import { DeskHost, start } from './desk-host.ts'

const waiting = Array.from({ length: 29 }, (_, i) => `w${10 + i}`)
let host: DeskHost

/** One call is live and holds nothing between its replies; a first reply is taken to need 1,000. */
function open(lines: number): void {
  const budgets = { tokensPerDay: 1_500 }
  host = new DeskHost({ plan: 'scale', caps: { lines, agents: {} }, overflow: 'hold', budgets })
  host.admit('c1')
  host.renew('c1', 0, silent)
}

function raise(lines: number): void {
  host.desk.edits.change({ caps: { lines } }, start)
}

function held(at = 0): unknown {
  return host.desk.read(start + at)?.budgets[0]?.held
}

beforeEach(() => {
  open(1)
  return () => host.store.close()
})

test('[L4] [G6] when a cap rises one of them is seated; the others wait on, in order, and a newcomer is refused', () => {
  expect(waiting.map((call) => host.admit(call))).toEqual(waiting.map((_, place) => `queued ${place}`))
  raise(50)
  expect(host.desk.advance(start)).toEqual(['w10'])
  expect(host.desk.advance(start)).toEqual([])
  expect(held()).toBe(1_000)
  expect([host.admit('late'), host.admit('w11'), host.admit('w12')]).toEqual(['budget_held', 'queued 0', 'queued 1'])
  expect(host.desk.queue.reading(start)?.data.map(({ short }) => short)).toEqual(Array(28).fill('budget'))
})

test('[L4] [G10] when a desk that had lost its state has learnt, one of them is seated', () => {
  open(50)
  const late = leaseTtlMs / 2 + 1 // nobody was heard for so long
  host.desk.learn(start + late)
  expect(waiting.map((call) => host.admit(call, late))).toEqual(waiting.map((_, place) => `queued ${place}`))
  expect(host.desk.advance(start + late + learningMs)).toEqual(['w10'])
  expect(held(late + learningMs)).toBe(1_000)
})

test('[L4] who holds no more says whether others wait for it: with its word, and with its end', () => {
  for (const call of ['w1', 'w2', 'w3']) host.admit(call)
  expect(host.renew('c1', 0, silent).waits).toBe(false) // no line is free
  raise(50)
  host.desk.advance(start)
  expect(host.renew('w1').waits).toBe(false) // it still holds
  expect(host.renew('w1', 0, silent).waits).toBe(true)
  expect(host.renew('w1', 0, silent).waits).toBe(false) // that was said
  expect(host.desk.advance(start)).toEqual(['w2'])
  expect(host.end('w2').waits).toBe(true)
  expect(host.desk.advance(start)).toEqual(['w3'])
  expect(host.renew('w3', 0, silent).waits).toBe(false) // nobody waits
})

test('[L4] each word that gives room for more of those who wait says so, and no other', () => {
  host.desk.edits.change({ budgets: { tokensPerDay: 3_500 } }, start)
  for (const call of ['w1', 'w2', 'w3', 'w4']) host.admit(call)
  raise(50)
  expect(host.desk.advance(start)).toEqual(['w1', 'w2', 'w3'])
  expect([host.renew('w1', 0, silent).waits, host.renew('w2', 0, silent).waits]).toEqual([true, false]) // one waits
})

test('[L4] whoever asks again has its line when there is room', () => {
  for (const call of ['w1', 'w2']) host.admit(call)
  raise(50)
  expect([host.admit('w2'), host.admit('w1'), host.admit('w2')]).toEqual(['queued 1', 'granted', 'queued 0'])
  host.renew('w1', 0, silent)
  expect([host.admit('w2'), held()]).toEqual(['granted', 1_000])
})

test('[L6] nobody is seated once it is spent', () => {
  host.admit('w1')
  host.desk.edits.change({ budgets: { tokensPerDay: 0 } }, start)
  host.end('c1')
  expect(host.desk.advance(start)).toEqual([])
  expect(host.admit('w1')).toBe('budget_exhausted')
})

test('[P1] the pool is asked for those alone who have budget: the others could not use it', () => {
  for (const call of ['w1', 'w2', 'w3']) host.admit(call)
  raise(50)
  expect(host.desk.ask('openai', start)).toMatchObject({ needs: { sessions: { has: 1, wants: 2 } } })
})

test('[G7] a preview says how many would be put through', () => {
  for (const call of ['w1', 'w2', 'w3']) host.admit(call)
  const caps = { lines: 50 }
  expect(host.desk.edits.preview({ caps }, start)).toMatchObject({ put_through: 1, turned_away: 0 })
  expect(host.desk.edits.preview({ caps, budgets: { tokensPerDay: 2_000 } }, start)).toMatchObject({ put_through: 2 })
})

test('[L4] [G2] a newcomer that was seated while its pool was asked holds from then on, and is let in', () => {
  open(50)
  host.desk.regrant('openai', grantOf(0, 0, 2), 'answer', start)
  expect([host.consider('w1'), host.consider('w2')]).toEqual([undefined, undefined])
  expect(host.desk.regrant('openai', grantOf(1e9, 1e6, 3), 'answer', start).seated).toEqual(['w1'])
  expect([held(), host.desk.advance(start)]).toEqual([1_000, []])
  expect([host.admit('w2'), host.admit('w1'), held()]).toEqual(['budget_held', 'granted', 1_000])
})

test('[L4] [H6] where callers are not to wait, who came while a pool was asked is refused for the budget, not the pool', () => {
  open(50)
  host.desk.regrant('openai', grantOf(0, 0, 2), 'answer', start)
  for (const call of ['w1', 'w2']) host.consider(call)
  host.desk.edits.change({ overflow: 'event' }, start)
  expect([host.admit('w2'), host.admit('w1')]).toEqual(['budget_held', 'quota_short'])
})

test('[L4] what a newcomer held that is refused after all comes back', () => {
  open(50)
  host.desk.regrant('openai', grantOf(0, 0, 2), 'answer', start)
  host.consider('w1')
  host.desk.regrant('openai', grantOf(1e9, 1e6, 3), 'answer', start)
  host.desk.edits.change({ trialDays: 0, plan: 'trial' }, start)
  expect([host.admit('w1'), held()]).toEqual(['trial_ended', 0])
})
