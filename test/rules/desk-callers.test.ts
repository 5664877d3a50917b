// The queue as its admin sees it, callers that are taken out of it, callers that are known, and callers that are urgent.
import { beforeEach, expect, test } from 'vitest'
import { leaseTtlMs } from '../../src/limits.ts'
import { plans } from '../../src/plan.ts'
import { DeskHost, start } from './desk-host.ts'

let host: DeskHost

beforeEach(() => {
  host = new DeskHost()
  return () => host.store.close()
})

/** A live call and three that wait, a second apart. */
function busy(): void {
  for (const [i, call] of ['c0', 'c1', 'c2', 'c3'].entries()) host.admit(call, i * 1_000)
}

test('[G3] the queue is read in order: who waits, since when, for what, and the longest wait', () => {
  host.key('k2')
  host.admit('c0')
  host.admit('c1', 1_000, { key: 'k2', agent: 'sales', model: 'gpt-other' })
  host.admit('c2', 3_000)
  expect(host.desk.queue.reading(start + 5_000)).toEqual({
    as_of: '2026-11-21T12:00:05.000Z',
    lines: { live: 1, waiting: 2, cap: 1, over: 0 },
    room: plans.trial.room,
    oldest_wait_ms: 4_000,
    data: [
      {
        call: 'c1',
        position: 1,
        waited_ms: 4_000,
        since: '2026-11-21T12:00:01.000Z',
        eta_ms: null,
        short: 'lines',
        key: 'k2',
        agent: 'sales',
        model: 'gpt-other',
      },
      {
        call: 'c2',
        position: 2,
        waited_ms: 2_000,
        since: '2026-11-21T12:00:03.000Z',
        eta_ms: null,
        short: 'lines',
        key: 'k1',
        agent: null,
        model: 'gpt-realtime',
      },
    ],
  })
})

test('[G3] an empty queue has nobody and no wait; a tenant that refuses instead has no room', () => {
  host.desk.edits.change({ overflow: 'event' }, start)
  expect(host.desk.queue.reading(start)).toMatchObject({ room: 0, oldest_wait_ms: null, data: [] })
})

test('[G4] a caller whose ticket ran out is not in the queue any more', () => {
  busy()
  host.admit('c3', 20_000)
  host.renew('c0', 20_000)
  expect(host.desk.queue.remove('c1', start + 2_500 + leaseTtlMs)).toMatchObject({ why: 'caller_left' })
  expect(host.queue(2_500 + leaseTtlMs)).toEqual(['c3'])
})

test('[G6] who waits while lines are free waits for tokens or for its turn', () => {
  busy()
  host.end('c0', 4_000)
  expect(host.desk.queue.reading(start + 4_000)?.data.map(({ short }) => short)).toEqual(['tokens', 'lines', 'lines'])
})

test('[H3] each place has its own estimate', () => {
  host.store.sql("INSERT INTO roster VALUES ('talk', 'calls', 10), ('talk', 'mean', 60000)")
  busy()
  expect(host.desk.queue.reading(start)?.data.map(({ eta_ms }) => eta_ms)).toEqual([60_000, 120_000, 180_000])
})

test('[M1] the oldest wait is reported in seconds, and 0 when nobody waits', () => {
  host.admit('c0')
  expect(host.gauge('trunkline_queue_oldest_wait_seconds', 500)).toBe(0)
  host.admit('c1', 1_000)
  host.admit('c2', 2_000)
  expect(host.gauge('trunkline_queue_oldest_wait_seconds', 4_500)).toBe(3.5)
  host.leave('c1', 5_000)
  expect(host.gauge('trunkline_queue_oldest_wait_seconds', 5_000)).toBe(3)
})

test('[G4] a caller that is removed frees its place at once, and is told so whenever it asks', () => {
  busy()
  expect(host.desk.queue.remove('c2', start + 5_000)).toEqual({ call: 'c2', position: 2, waited_ms: 3_000 })
  expect(host.queue()).toEqual(['c1', 'c3'])
  expect(host.admit('c2', 6_000)).toBe('removed_from_queue')
  expect(host.queue()).toEqual(['c1', 'c3'])
  expect(host.desk.queue.remove('c2', start + 6_000)).toEqual({ why: 'caller_left', details: { call: 'c2' } })
  host.leave('c2', 6_001)
  host.end('c2', 7_000, 'removed_from_queue')
  expect(host.desk.queue.remove('c2', start + 8_000)).toMatchObject({ why: 'thing_unknown', details: { id: 'c2' } })
  expect(host.desk.records.list(10).filter(({ ended }) => ended !== null)).toMatchObject([
    { id: 'c2', admitted: null, record: { outcome: { why: 'removed_from_queue' } } },
  ])
  expect(host.store.sql("SELECT 1 FROM roster WHERE name = 'removed'")).toEqual([])
})

test('[G8] a caller that is removed gives the lines of its key and agent back', () => {
  host.key('k2', { lines: 1 })
  host.admit('c0')
  host.admit('c1', 0, { key: 'k2' })
  expect(host.admit('c2', 1, { key: 'k2' })).toBe('lines_full')
  host.desk.queue.remove('c1', start + 2)
  expect(host.admit('c3', 3, { key: 'k2' })).toBe('queued 0')
})

test('[G5] a call that was put through is not removed, nor one that never was, nor one that is over', () => {
  busy()
  host.end('c0', 4_000)
  host.desk.advance(start + 4_000)
  expect(host.desk.queue.remove('c1', start + 4_000)).toEqual({ why: 'caller_through', details: { call: 'c1' } })
  for (const call of ['c0', 'nobody', 'x'.repeat(500)])
    expect(host.desk.queue.remove(call, start + 4_000)).toMatchObject({ why: 'thing_unknown' })
  expect(host.desk.read(start + 4_000)?.lines).toMatchObject({ live: 1, waiting: 2 })
})

test('[M3] a caller that is removed is counted once, as refused', () => {
  busy()
  host.desk.queue.remove('c1', start + 5_000)
  host.admit('c1', 6_000)
  host.end('c1', 7_000, 'removed_from_queue')
  const counted = Object.entries(host.desk.report(start + 7_000)['openai'] ?? {}).filter(([id]) =>
    id.startsWith('trunkline_admissions_total'),
  )
  expect(counted).toEqual([
    ['trunkline_admissions_total{"plan":"trial","decision":"admitted","reason":"granted"}', 1],
    ['trunkline_admissions_total{"plan":"trial","decision":"refused","reason":"removed_from_queue"}', 1],
  ])
  expect(host.gauge('trunkline_calls_waiting', 7_000)).toBe(2)
})

test('[G12] a known caller that drops out and comes back within 60 s has its old place, a stranger has none', () => {
  host.admit('c0')
  host.admit('c1', 1, { caller: 'ann' })
  host.admit('c2', 2)
  host.end('c1', 1_000)
  expect(host.admit('c3', 2_000)).toBe('queued 1')
  for (const at of [20_000, 40_000, 60_000]) {
    host.renew('c0', at)
    for (const call of ['c2', 'c3']) host.admit(call, at)
  }
  expect(host.admit('c4', 60_999, { caller: 'ann' })).toBe('queued 0')
})

test('[G12] after 60 s its place is forgotten', () => {
  host.admit('c0')
  host.admit('c1', 1, { caller: 'ann' })
  host.end('c1', 1_000)
  host.renew('c0', 25_000)
  host.renew('c0', 50_000)
  host.admit('c2', 60_000)
  expect(host.admit('c3', 61_000, { caller: 'ann' })).toBe('queued 1')
})

test('[G12] a caller whose patience is over is remembered as well; one that is removed is not', () => {
  busy()
  host.admit('a', 4_000, { caller: 'ann' })
  host.admit('b', 5_000, { caller: 'bob' })
  host.leave('a', 6_000)
  host.desk.queue.remove('b', start + 6_000)
  host.leave('b', 6_001)
  host.end('a', 8_000, 'queue_timeout')
  host.end('b', 8_000, 'removed_from_queue')
  host.admit('new', 9_000)
  expect(host.admit('b2', 10_000, { caller: 'bob' })).toBe('queued 4')
  host.leave('new', 10_000)
  expect(host.admit('a2', 11_000, { caller: 'ann' })).toBe('queued 3')
})

test('[G12] a caller whose call was reset has its old place too, and the wait of that call is known', () => {
  busy()
  host.admit('a', 4_000, { caller: 'ann' })
  host.admit('b', 5_000)
  host.end('a', 9_000, 'call_reset')
  expect(host.desk.records.get('a')?.record).toMatchObject({ waitedMs: 5_000, liveMs: 0 })
  expect(host.admit('a2', 10_000, { caller: 'ann' })).toBe('queued 3')
})

test('[G12] a place is taken up once: of two live callers with one id the second stands at the end', () => {
  host.admit('c0')
  host.admit('c1', 1, { caller: 'ann' })
  host.admit('c2', 2)
  expect(host.admit('c3', 3, { caller: 'ann' })).toBe('queued 2') // both live: one knows nothing of the other
  host.end('c1', 4)
  expect(host.admit('c3', 5)).toBe('queued 1') // who waits already does not take it up
  expect(host.admit('c4', 6, { caller: 'ann' })).toBe('queued 0')
  expect(host.admit('c5', 7, { caller: 'ann' })).toBe('queued 3')
  expect(host.queue()).toEqual(['c4', 'c2', 'c3', 'c5'])
})

test('[G12] a caller that finds no room keeps its claim for the time that is left', () => {
  host.admit('c0')
  host.admit('c1', 1, { caller: 'ann' })
  host.end('c1', 2)
  for (let i = 2; i < 7; i++) host.admit(`c${i}`, i)
  expect(host.admit('a', 10, { caller: 'ann' })).toBe('queue_full')
  host.leave('c6', 11)
  expect(host.admit('a2', 12, { caller: 'ann' })).toBe('queued 0')
})

test('[G3] callers with a head start stand before those who came a little earlier, and wait for their turn', () => {
  host.key('vip', { headStartSeconds: 60 })
  busy()
  expect(host.admit('v1', 10_000, { key: 'vip' })).toBe('queued 0')
  expect(host.admit('v2', 11_000, { key: 'vip' })).toBe('queued 1')
  expect(host.queue()).toEqual(['v1', 'v2', 'c1', 'c2', 'c3'])
  const [first] = host.desk.queue.reading(start + 12_000)?.data ?? []
  expect(first).toMatchObject({ call: 'v1', waited_ms: 2_000, since: '2026-11-21T12:00:10.000Z' })
  expect(host.desk.queue.reading(start + 12_000)?.oldest_wait_ms).toBe(11_000)
})

test('[G3] a head start ages: who has waited longer than it stays in front', () => {
  host.key('vip', { headStartSeconds: 60 })
  host.admit('c0')
  host.admit('c1')
  for (const at of [20_000, 40_000, 60_000]) {
    host.renew('c0', at)
    host.admit('c1', at)
  }
  expect(host.admit('v1', 60_001, { key: 'vip' })).toBe('queued 1')
})
