// The times between the moments of a call, as its record has them.
import { expect, test } from 'vitest'
import { timesOf, type Moments } from '../../src/moments.ts'

const offered = 1_000
const nothing = { waitedMs: 0, liveMs: 0, overheadMs: 0, connectMs: null }

test.each<[string, Moments, object]>([
  [
    'was let in at once',
    { offered, seated: 1_004, dialled: 1_005, opened: 1_105, ended: 4_105 },
    { liveMs: 3_000, overheadMs: 5, connectMs: 100 },
  ],
  [
    'waited',
    { offered, queued: 1_002, seated: 9_000, dialled: 9_003, opened: 9_103, ended: 9_203 },
    { waitedMs: 8_000, liveMs: 100, overheadMs: 3, connectMs: 100 },
  ],
  ['waited for nothing', { offered, queued: 1_002, ended: 6_000 }, { waitedMs: 5_000 }],
  ['was never connected', { offered, seated: 1_004, dialled: 1_005, ended: 6_000 }, { overheadMs: 5 }],
  ['is not over', { offered }, {}],
])('[C1] the times of a call that %s', (_how, moments, times) => {
  expect(timesOf(moments)).toEqual({ ...nothing, ...times })
})
