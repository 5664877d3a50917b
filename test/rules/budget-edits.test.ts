// What an edit of budgets, a clock or a trial would do: its preview in figures and sentences, and what it then does.
import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { TenantPreview } from '../../src/desk-edits.ts'
import type { TenantChange, TenantSettings } from '../../src/plan-settings.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { DeskHost, start } from './desk-host.ts'
import { ref } from '../support/refs.ts'

let host: DeskHost

beforeEach(() => {
  desk({})
  return () => host.store.close()
})

/** Without a bound but its own, with three lines; started in the middle of a day. */
function desk(own: Partial<TenantSettings>): void {
  host = new DeskHost({ plan: 'scale', caps: { lines: 3, agents: {} }, ...own })
}

const talked = { metered: { live_ms: 60_000, micro_usd: 0 } }

/** A live call that has used so many tokens, and one dollar. */
function used(call: string, tokens: number, hosted = host): void {
  const amounts = { output_audio: tokens, micro_usd: 1_000_000 }
  hosted.admit(call)
  hosted.desk.debit(ref(call), [{ id: 'r', model: 'gpt-realtime', amounts }], talked, start + 10)
}

function preview(change: TenantChange, at = 20): TenantPreview {
  const seen = host.desk.edits.preview(change, start + at)
  if (seen === undefined || 'why' in seen) throw new Error('refused')
  return seen
}

test('[G7] [L6] a budget below what is used: who would wrap up, who is sent away, and until when nobody new is taken', () => {
  for (const call of ['c1', 'c2', 'c3']) used(call, 20_000)
  for (const call of ['c4', 'c5']) host.admit(call)
  expect(preview({ budgets: { tokensPerDay: 50_000 } })).toMatchObject({
    lines: { live: 3, waiting: 2 },
    put_through: 0,
    turned_away: 2,
    ends: 3,
    notes: [
      'The budget of 50,000 tokens for this day would be spent at once: 60,000 tokens are used. 3 live calls would wrap up, 2 waiting callers would be sent away, new ones are refused until 2026-11-22T00:00:00.000Z.',
    ],
  })
  expect(host.desk.affected(start + 20).refusal).toBeUndefined() // it was only tried
  host.desk.edits.change({ budgets: { tokensPerDay: 50_000 } }, start + 20)
  expect(host.desk.affected(start + 20)).toMatchObject({
    calls: ['c1', 'c2', 'c3', 'c4', 'c5'],
    refusal: { why: 'budget_exhausted' },
  })
})

test('[G7] [L6] where nobody talks and nobody waits a spent budget is said of new calls alone', () => {
  used('c1', 1_000)
  host.end('c1', 20)
  expect(preview({ budgets: { tokensPerDay: 1_000 } }, 30).notes).toEqual([
    'The budget of 1,000 tokens for this day would be spent at once: 1,000 tokens are used. New calls are refused until 2026-11-22T00:00:00.000Z.',
  ])
})

test('[G7] [L6] who is stopped already is not counted again, and more of a budget lets new calls in', () => {
  desk({ budgets: { tokensPerDay: 1_000 } })
  used('c1', 1_000)
  host.admit('c2')
  expect(preview({ budgets: { tokensPerDay: 900 } })).toMatchObject({
    ends: 0,
    notes: ['The budget of 900 tokens for this day would be spent at once: 1,000 tokens are used.'],
  })
  expect(preview({ budgets: { tokensPerDay: 1_001 } }).notes).toEqual([
    'The budget of 1,001 tokens for this day would be nearly spent, which is told at once: 1,000 tokens are used.',
    'New calls would be taken again at once.',
  ])
  expect(preview({ budgets: { tokensPerDay: null } }).notes).toEqual([
    'There would be no budget of tokens for a day any more.',
    'New calls would be taken again at once.',
  ])
})

test('[G7] [L6] each budget in the unit in which it is set, with what it was and what is used of it', () => {
  desk({ budgets: { tokensPerMonth: 9_000_000, spendUsdPerHour: 20 } })
  used('c1', 800)
  const budgets = { tokensPerMonth: 8_000_000, spendUsdPerHour: 2.5, liveMinutesPerDay: 1, outputTokensPerHour: 1_000 }
  const { ends, notes } = preview({ budgets })
  expect(ends).toBe(1)
  expect(notes).toEqual([
    'The budget of 1,000 output tokens for this hour would be nearly spent, which is told at once: 800 output tokens are used.',
    'The budget of US dollars for this hour would be 2.50 USD instead of 20 USD: 1 USD are used.',
    'The budget of 1 live minutes for this day would be spent at once: 1 live minutes are used. 1 live call would wrap up, new ones are refused until 2026-11-22T00:00:00.000Z.',
    'The budget of tokens for this month would be 8,000,000 tokens instead of 9,000,000 tokens: 800 tokens are used.',
  ])
})

test('[G7] [L6] what each call may use by itself ends those that have used as much', () => {
  used('c1', 2_000)
  used('c2', 10)
  expect(preview({ callBudgets: { outputTokensPerHour: 2_000 } }).ends).toBe(1) // also where there was none before
  desk({ callBudgets: { outputTokensPerHour: 50_000 } })
  used('c1', 2_000)
  used('c2', 10)
  expect(preview({ callBudgets: { outputTokensPerHour: 2_000 } })).toMatchObject({
    ends: 1,
    notes: [
      'A call could use 2,000 output tokens an hour instead of 50,000 output tokens.',
      '1 live call has used as much already and would wrap up.',
    ],
  })
  expect(preview({ callBudgets: { outputTokensPerHour: null, tokensPerDay: 7_000 } }).notes).toEqual([
    'A call could use any number of output tokens an hour.',
    'A call could use 7,000 tokens a day instead of any number.',
  ])
})

test('[G7] [L7] a trial that would be over, and one that would end at another time', () => {
  desk({ plan: 'trial' })
  used('c1', 10)
  expect(preview({ trialDays: 0 })).toMatchObject({
    ends: 1,
    notes: [
      'The trial would end at 2026-11-21T00:00:00.000Z instead of 2026-12-05T00:00:00.000Z. It would be over at once: 1 live call would wrap up, new ones are refused.',
    ],
  })
  expect(preview({ trialDays: 30 })).toMatchObject({
    ends: 0,
    notes: ['The trial would end at 2026-12-21T00:00:00.000Z instead of 2026-12-05T00:00:00.000Z.'],
  })
  expect(preview({ plan: 'scale' }).notes).toContain('There would be no trial any more.')
  desk({})
  expect(preview({ plan: 'trial' }).notes).toContain('A trial would end at 2026-12-05T00:00:00.000Z.')
})

test('[G7] [L5] another clock: when its day ends, and a budget that is spent by it', () => {
  desk({ budgets: { tokensPerDay: 1_000, tokensPerHour: 500 } })
  used('c1', 400)
  const says =
    'Hours, days and months would begin by the clock of Asia/Kathmandu instead of UTC. This day would end at 2026-11-21T18:15:00.000Z. What was used counts on where the date is the same by both; an hour that the clocks tell apart begins with nothing used.'
  expect(preview({ timezone: 'Asia/Kathmandu' }).notes).toEqual([says])
  desk({})
  expect(preview({ timezone: 'Asia/Kathmandu' }).notes[0]).not.toContain('This day')
})

test('[G7] budgets that are only tried end nobody', () => {
  used('c1', 400)
  expect(preview({ shadow: { lines: 2, budgets: { tokensPerDay: 100 } } })).toMatchObject({
    ends: 0,
    notes: ['Tried alone, refusing nobody, would be: a cap of 2 lines, 100 tokens for this day (400 tokens are used).'],
  })
  expect(preview({ shadow: { lines: null, budgets: {} } }).notes).toEqual(['Nothing would be tried.'])
  host.desk.edits.change({ shadow: { lines: 2, budgets: {} } }, start)
  expect(preview({ shadow: null }).notes).toEqual(['Nothing would be tried any more.'])
})

test('[G7] a suspended tenant’s callers stay away, whatever its budgets', () => {
  used('c1', 400)
  host.desk.rosters.get('state').set('suspended', start)
  expect(preview({ budgets: { tokensPerDay: 10 } })).toMatchObject({
    ends: 0,
    notes: ['The budget of 10 tokens for this day would be spent at once: 400 tokens are used.'],
  })
})

const amount = fc.option(fc.constantFrom(0, 100, 500, 900, 5_000), { nil: null })
const change = fc.oneof(
  fc.record({ budgets: fc.record({ tokensPerDay: amount, outputTokensPerHour: amount }, { requiredKeys: [] }) }),
  fc.record({ callBudgets: fc.record({ tokensPerDay: amount, outputTokensPerHour: amount }, { requiredKeys: [] }) }),
  fc.record({ timezone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'America/Los_Angeles') }),
  fc.record({ plan: fc.constantFrom('trial', 'scale'), trialDays: fc.constantFrom(null, 0, 3) }),
  fc.record({ shadow: fc.constant({ lines: null, budgets: { tokensPerDay: 1 } }) }),
)

test('[G7] [L6] whatever the edit, the calls that then may not go on are as many as its preview said', () => {
  printSeed('previews of budgets')
  const tokens = fc.array(fc.constantFrom(0, 50, 100, 499, 500, 901), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(tokens, fc.array(change, { maxLength: 5 }), (calls, changes) => {
      const own = new DeskHost({ plan: 'scale', caps: { lines: 9, agents: {} } })
      for (const [i, tokens] of calls.entries()) used(`c${i}`, tokens, own)
      const open = own.desk.records.openIds()
      const stopped = (at: number): string[] =>
        open.filter((call) => own.desk.renew(ref(call), null, talked, at).renewal.is === 'withdrawn')
      for (const [i, change] of changes.entries()) {
        const now = start + 100 + i
        const before = stopped(now)
        const seen = own.desk.edits.preview(change, now)
        expect(stopped(now)).toEqual(before)
        own.desk.edits.change(change, now)
        expect(seen).toMatchObject({ ends: stopped(now).filter((call) => !before.includes(call)).length })
      }
      own.store.close()
    }),
    { seed, numRuns: 200 },
  )
})
