// Lines of a tenant that are only tried: who would have waited is counted, and has its line. On node:sqlite.
import { expect, test } from 'vitest'
import { DeskHost, start } from './desk-host.ts'

const tried = (host: DeskHost): number | undefined => host.gauge('trunkline_shadow_refusals_total')

test('[M1] a newcomer that has a line at once where it would have had none is counted, and let in all the same', () => {
  const host = new DeskHost({ plan: 'scale', caps: { lines: 9, agents: {} }, shadow: { lines: 2, budgets: {} } })
  expect([host.admit('a'), host.admit('b'), tried(host)]).toEqual(['granted', 'granted', undefined])
  expect([host.admit('c'), tried(host)]).toEqual(['granted', 1])
  expect([host.admit('c'), host.admit('a'), tried(host)]).toEqual(['granted', 'granted', 1]) // asked again
  host.end('a')
  host.end('b')
  expect([host.admit('d'), tried(host)]).toEqual(['granted', 1])
  expect([host.admit('e'), tried(host)]).toEqual(['granted', 2])
  host.desk.edits.change({ shadow: { lines: 3, budgets: {} } }, start)
  expect([host.admit('f'), tried(host)]).toEqual(['granted', 3])
})

test('[M1] who waits for a line, or is refused, is not counted', () => {
  const host = new DeskHost({ plan: 'scale', shadow: { lines: 0, budgets: {} } })
  expect([host.admit('a'), host.admit('b'), tried(host)]).toEqual(['granted', 'queued 0', 1])
  host.end('a')
  expect([host.desk.advance(start), tried(host)]).toEqual([['b'], 1])
  host.desk.edits.change({ overflow: 'event' }, start)
  expect([host.admit('c'), tried(host)]).toEqual(['lines_full', 1])
})

test.each([null, { lines: null, budgets: {} }])('[M1] where no lines are tried nobody is counted: %j', (shadow) => {
  const host = new DeskHost({ plan: 'scale', caps: { lines: 9, agents: {} }, shadow })
  expect([host.admit('a'), host.admit('b'), tried(host)]).toEqual(['granted', 'granted', undefined])
})
