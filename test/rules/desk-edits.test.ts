// What an admin's edit does to live and waiting callers, and what its preview says it would do.
import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { leaseTtlMs } from '../../src/limits.ts'
import type { TenantChange } from '../../src/plan-settings.ts'
import type { Refusal } from '../../src/refusal.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { DeskHost, start } from './desk-host.ts'

let host: DeskHost

beforeEach(() => {
  host = new DeskHost()
  return () => host.store.close()
})

function calls(count: number): void {
  for (let i = 0; i < count; i++) host.admit(`c${i}`, i)
}

const preview = (change: TenantChange, at = 100) => fit(host.desk.edits.preview(change, start + at))
const notes = (change: TenantChange) => preview(change)?.notes

/** None of these edits is refused. */
function fit<T extends object>(answer: T | Refusal | undefined): T | undefined {
  if (answer !== undefined && 'why' in answer) throw new Error(`refused: ${answer.why}`)
  return answer
}

/** Everything that is stored, but for what a look at it purges. */
function stored(): unknown {
  const tables = ['roster', 'tenant', 'key', 'call', 'meter']
  return tables.map((table) => host.store.sql(`SELECT * FROM ${table}`))
}

test('[G7] a cap below the live calls ends nobody: the preview counts and says so', () => {
  host = new DeskHost({ caps: { lines: 3, agents: {} } })
  calls(5)
  expect(preview({ caps: { lines: 2 } })).toMatchObject({
    tenant: { id: 'ten_1', caps: { lines: 2 } },
    lines: { live: 3, waiting: 2, cap: 2, over: 1 },
    put_through: 0,
    turned_away: 0,
    ends: 0,
    room: { now: 5, after: 5 },
    notes: [
      'The cap would be 2 instead of 3.',
      '3 calls are live, 1 above the cap of 2: none ends, and no new call has a line until fewer than 2 are left.',
      '0 of 2 waiting callers would be put through at once.',
    ],
  })
  expect(notes({ caps: { lines: 0 } })?.[1]).toBe(
    '3 calls are live, 3 above the cap of 0: none ends, and no new call has a line as long as it is 0.',
  )
})

test('[G7] the reading counts who is over the cap', () => {
  host = new DeskHost({ caps: { lines: 3, agents: {} } })
  calls(3)
  host.desk.edits.change({ caps: { lines: 1 } }, start)
  expect(host.desk.read(start)?.lines).toEqual({ live: 3, waiting: 0, cap: 1, over: 2 })
  host.end('c0', 10)
  expect(host.desk.read(start + 10)?.lines.over).toBe(1)
})

test('[G6] a higher plan puts waiting callers through, as many as its preview said', () => {
  host = new DeskHost({ caps: { lines: null, agents: {} } })
  calls(8)
  const seen = preview({ plan: 'starter' })
  expect(seen).toMatchObject({
    lines: { live: 8, waiting: 0, cap: 50, over: 0 },
    put_through: 3,
    room: { now: 5, after: 50 },
    notes: [
      'The cap would be 50 instead of 5.',
      '3 of 3 waiting callers would be put through at once.',
      'The queue would have room for 50 callers instead of 5.',
      'A call could last 60 minutes instead of 15: for new calls alone.',
      'A caller could wait 120 seconds instead of 60: new callers alone.',
      'There would be no trial any more.',
    ],
  })
  host.desk.edits.change({ plan: 'starter' }, start)
  expect(host.desk.advance(start + 100)).toEqual(['c5', 'c6', 'c7'])
  expect(host.desk.read(start + 100)?.lines).toEqual(seen?.lines)
})

test('[H6] a queue that is fuller than its new room keeps its callers and refuses newcomers', () => {
  host = new DeskHost({ plan: 'starter', caps: { lines: 1, agents: {} } })
  calls(9)
  expect(notes({ plan: 'trial' })).toContain(
    'The queue would have room for 5 and hold 8: they keep their places, newcomers are refused until there is room.',
  )
  for (const call of ['c6', 'c7', 'c8']) host.leave(call, 150)
  expect(notes({ plan: 'trial' })).toContain('The queue would have room for 5 callers instead of 50.')
  for (const call of ['c6', 'c7', 'c8']) host.admit(call, 160)
  host.desk.edits.change({ plan: 'trial' }, start)
  expect(host.admit('late', 200)).toBe('queue_full')
  expect(host.admit('c8', 200)).toBe('queued 7')
})

test('[H6] a tenant that has callers refused from now on keeps those who wait', () => {
  calls(3)
  const stay = 'Those who wait (2) keep their places.'
  expect(preview({ overflow: 'event' })).toMatchObject({
    room: { now: 5, after: 0 },
    notes: [`Callers who find no line would be refused by an error event, and not wait. ${stay}`],
  })
  expect(notes({ overflow: 'upgrade' })?.[0]).toContain('by HTTP 429 before the upgrade')
  host.desk.edits.change({ overflow: 'event' }, start)
  expect([host.admit('c1', 200), host.admit('late', 200)]).toEqual(['queued 0', 'lines_full'])
  expect(notes({ plan: 'starter' })?.filter((note) => note.includes('refused'))).toEqual([])
  for (const call of ['c1', 'c2']) host.leave(call, 300)
  expect(notes({ overflow: 'upgrade' })).toEqual([
    'Callers who find no line would be refused by HTTP 429 before the upgrade, and not wait.',
  ])
})

test('[C4] callers who wait for a model that is taken away are counted: they are sent away when they ask', () => {
  host.admit('c0')
  host.admit('c1', 1, { model: 'gpt-other' })
  host.admit('c2', 2)
  host.admit('c3', 3)
  expect(preview({ models: ['gpt-realtime'] })).toMatchObject({
    turned_away: 1,
    notes: [
      'New calls could have gpt-realtime alone; live calls go on; 1 who wait for another would be told so and sent away.',
    ],
  })
  expect(notes({ models: null })).toEqual(['No call and no waiting caller would notice.'])
  host.desk.edits.change({ models: ['gpt-realtime'] }, start)
  expect([host.admit('c1', 200), host.admit('c2', 200)]).toEqual(['model_unknown', 'queued 1'])
  expect(notes({ models: null })).toEqual(['New calls could have every model that is served.'])
  host.leave('c1', 300)
  expect(notes({ models: ['gpt-realtime', 'gpt-new'] })).toEqual([
    'New calls could have gpt-realtime, gpt-new alone; live calls go on.',
  ])
})

test('[G8] an agent that is given a cap has the calls that it has: it is in force at once', () => {
  host = new DeskHost({ plan: 'starter', caps: { lines: 2, agents: {} } })
  for (const call of ['c0', 'c1', 'c2']) host.admit(call, 0, { agent: 'sales' })
  const seen = preview({ caps: { agents: { sales: 2 } } })
  expect(seen?.notes).toEqual([
    'The agent "sales" would have a cap of 2 instead of none.',
    'It has 3 calls, live and waiting, 1 above the cap of 2: none ends, and no new call has a line until fewer than 2 are left.',
  ])
  host.desk.edits.change({ caps: { agents: { sales: 2 } } }, start)
  expect(host.admit('c3', 1, { agent: 'sales' })).toBe('lines_full')
  host.end('c0', 2)
  expect(host.admit('c4', 3, { agent: 'sales' })).toBe('lines_full')
  host.end('c2', 4)
  expect(host.admit('c5', 5, { agent: 'sales' })).not.toBe('lines_full')
  expect(notes({ caps: { agents: {} } })).toEqual(['The agent "sales" would have no cap of its own.'])
  expect(notes({ caps: { agents: { sales: 3, nobody: 0 } } })).toEqual([
    'The agent "sales" would have a cap of 3 instead of 2.',
    'The agent "nobody" would have a cap of 0 instead of none.',
  ])
  expect(notes({ caps: { agents: { sales: 1 } } })?.[1]).toContain('It has 2 calls')
})

test('[G8] a key that is given a cap has the calls that it has, and one whose cap rises takes more at once', () => {
  host = new DeskHost({ plan: 'starter', caps: { lines: 5, agents: {} } })
  host.key('k2')
  for (const call of ['c0', 'c1']) host.admit(call, 0, { key: 'k2' })
  expect(host.desk.edits.previewKey('k2', { lines: 1 }, start)).toMatchObject({
    key: { id: 'k2', lines: 1 },
    lines: { live: 2, over: 0 },
    put_through: 0,
    ends: 0,
    notes: [
      'This key would have a cap of 1 instead of none.',
      'It has 2 calls, live and waiting, 1 above the cap of 1: none ends, and no new call has a line until fewer than 1 are left.',
    ],
  })
  expect(host.desk.registry.key('k2')?.lines).toBeNull()
  expect(host.desk.edits.changeKey('k2', { lines: 2 }, start)).toMatchObject({ id: 'k2', name: 'k2', lines: 2 })
  expect(host.admit('c2', 1, { key: 'k2' })).toBe('lines_full')
  host.desk.edits.changeKey('k2', { lines: 3 }, start)
  expect(host.admit('c3', 2, { key: 'k2' })).toBe('granted')
  host.desk.edits.changeKey('k2', { lines: null }, start)
  expect(host.admit('c4', 3, { key: 'k2' })).toBe('granted')
})

test('[G8] who has as many calls as its new cap is not over it', () => {
  host = new DeskHost({ caps: { lines: 2, agents: {} } })
  calls(2)
  expect(host.desk.edits.previewKey('k1', { lines: 2 }, start)?.notes).toHaveLength(1)
  host.key('k2')
  expect(host.desk.edits.previewKey('k2', { lines: 0 }, start)?.notes).toHaveLength(1)
  expect(notes({ caps: { lines: 1 } })).toEqual([
    'The cap would be 1 instead of 2.',
    '2 calls are live, 1 above the cap of 1: none ends, and no new call has a line until fewer than 1 are left.',
  ])
})

test('[G4] a place that ran out is not counted by a preview', () => {
  host = new DeskHost({ caps: { lines: 0, agents: {} } })
  calls(2)
  host.admit('c1', 20_000)
  const seen = preview({ caps: { lines: 3 } }, 1 + leaseTtlMs)
  expect(seen).toMatchObject({ lines: { live: 1, waiting: 0 }, put_through: 1 })
  expect(seen?.notes).toContain('1 of 1 waiting callers would be put through at once.')
})

test('[G7] what breaks in a preview is not passed over', () => {
  host.store.sql('DROP TABLE roster')
  expect(() => preview({ name: 'x' })).toThrow('roster')
})

test('[G3] a head start is for callers who come then', () => {
  const told = (headStartSeconds: number) => host.desk.edits.previewKey('k1', { headStartSeconds }, start)?.notes
  expect(told(300)).toEqual([
    'Callers who come with this key would stand as if they had come 300 seconds earlier; those who wait keep their places.',
  ])
  host.desk.edits.changeKey('k1', { headStartSeconds: 300 }, start)
  expect(told(0)?.[0]).toContain('would have no head start')
  expect(told(300)).toEqual(['No call and no waiting caller would notice.'])
})

test('[C9] what new calls alone are given is said to be so', () => {
  expect(notes({ pinned: { instructions: 'Be kind.' }, frameBytes: 65_536 })).toEqual([
    'What changes in pinned, frameBytes is for new calls alone; live and waiting ones keep what they came with.',
  ])
  expect(notes({ longestCallSeconds: 60 })).toEqual([
    'What changes in longestCallSeconds is for new calls alone; live and waiting ones keep what they came with.',
  ])
  expect(notes({ plan: 'scale' })).toContain(
    'A call could last any number of minutes instead of 15: for new calls alone.',
  )
  expect(notes({ name: 'New' })).toEqual(['No call and no waiting caller would notice.'])
})

test('[G7] a preview leaves no trace, in no table and in no count', () => {
  calls(4)
  host.desk.report(start + 100)
  const before = stored()
  expect(preview({ plan: 'growth', caps: { lines: 3, agents: { sales: 1 } }, name: 'New' })?.put_through).toBe(2)
  host.desk.edits.previewKey('k1', { name: 'new', lines: 1 }, start + 100)
  host.desk.report(start + 100)
  expect(stored()).toEqual(before)
})

test('[A2] where there is no tenant or no such key there is nothing to change or to see', () => {
  expect(host.desk.edits.changeKey('k9', { lines: 1 }, start)).toBeUndefined()
  expect(host.desk.edits.previewKey('k9', { lines: 1 }, start)).toBeUndefined()
  host.store.sql('DELETE FROM tenant')
  expect(host.desk.edits.change({ name: 'x' }, start)).toBeUndefined()
  expect(preview({ name: 'x' })).toBeUndefined()
  expect(host.desk.queue.reading(start)).toBeUndefined()
  expect(host.desk.queue.remove('c1', start)).toMatchObject({ why: 'thing_unknown' })
})

const edit = fc.record(
  {
    plan: fc.constantFrom('trial', 'starter', 'growth', 'scale'),
    overflow: fc.constantFrom('hold', 'event', 'upgrade'),
    caps: fc.record(
      {
        lines: fc.option(fc.nat(8)),
        agents: fc.dictionary(fc.constantFrom('sales', 'support'), fc.nat(4), { maxKeys: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

test('[G7] whatever the edit, its preview is what it then does', () => {
  printSeed('edit previews')
  fc.assert(
    fc.property(fc.nat(12), fc.nat(6), fc.array(edit, { maxLength: 5 }), (count, cap, edits) => {
      const own = new DeskHost({ caps: { lines: cap, agents: {} } })
      for (let i = 0; i < count; i++) own.admit(`c${i}`, i, { agent: i % 2 === 0 ? 'sales' : null })
      for (const [i, change] of edits.entries()) {
        const now = start + 100 + i
        const seen = fit(own.desk.edits.preview(change, now))
        const after = own.desk.edits.change(change, start)
        const seated = own.desk.advance(now)
        expect(seen?.tenant).toEqual(after)
        expect(seen?.put_through).toBe(seated.length)
        expect(seen?.lines).toEqual(own.desk.read(now)?.lines)
        expect(seen?.room.after).toBe(own.desk.queue.reading(now)?.room)
      }
      own.store.close()
    }),
    { seed, numRuns: 60 },
  )
})
