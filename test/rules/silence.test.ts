// When nobody was heard for a while, and what ran out by it.
import { expect, test } from 'vitest'
import { leaseTtlMs } from '../../src/limits.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { lapsed, Silence } from '../../src/silence.ts'

const quietMs = leaseTtlMs / 2

test('[G10] a silence is over with the first step of a life, and with one that comes after more than half a TTL', () => {
  const silence = new Silence()
  const at = [0, 1, quietMs + 1, 2 * quietMs + 2, 2 * quietMs + 3, 5]
  expect(at.map((now) => silence.isOver(now))).toEqual([true, false, false, true, false, false])
  const heard = new Silence()
  heard.hear(0)
  expect(heard.isOver(quietMs)).toBe(false)
})

test('[G10] [P10] a silence counts where somebody has something, and nobody has renewed it meanwhile', () => {
  expect(lapsed(new MapRoster(), 1_000_000)).toBe(false)
  const untils = new MapRoster([
    ['renewed', leaseTtlMs],
    ['silent', 5],
  ])
  expect([0, quietMs, quietMs + 1, 10 * leaseTtlMs].map((now) => lapsed(untils, now))).toEqual([
    false,
    false,
    true,
    true,
  ])
})
