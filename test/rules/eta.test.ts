// How true the wait is that a caller is told when it joins: many histories of busy lines, over the gate and what a desk learns of calls.
import { expect, test } from 'vitest'
import { admit, advance, release, type Desk, type Terms } from '../../src/gate.ts'
import { learn, learned } from '../../src/mean.ts'
import { etaMs } from '../../src/queue-notice.ts'
import { MapRoster } from '../../src/roster-map.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { chance } from '../support/dice.ts'

const meanMs = 180_000
const room = 12
/** Callers come a little faster than they are served: the lines are always busy, and every place is taken at times. */
const load = 1.05
/** Calls of one history, and how many of them have ended before its callers count: by then the mean moves. */
const calls = 900
const learningCalls = 300
const histories = 40

const lengths = {
  exponential: (next: () => number) => -meanMs * Math.log(1 - next()),
  /** Sigma 1. */
  'log-normal': (next: () => number) => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    return meanMs * Math.exp(normal - 1 / 2)
  },
}
type Shape = keyof typeof lengths

interface Joiner {
  place: number
  at: number
  etaMs: number | null
  /** Calls that the desk had learned from. */
  calls: number
  waitedMs: number
}

const roster = (): MapRoster => new MapRoster()

function deskOf(cap: number): Desk {
  return {
    lines: [{ of: 'tenant', leases: roster(), cap }],
    quotas: [{ loads: roster(), wants: roster(), tokens: Infinity, sessions: Infinity }],
    queue: roster(),
    tickets: roster(),
    places: roster(),
    memory: roster(),
  }
}

/** All lines are taken at once; from then on callers come by chance, wait as long as it takes, and hang up when they are done. */
function history(lines: number, shape: Shape, next: () => number): Joiner[] {
  const [desk, talk, ends] = [deskOf(lines), roster(), new Map<string, number>()]
  const quota = desk.quotas[0]
  const joiners = new Map<string, Joiner>()
  const served: Joiner[] = []
  let [now, arrival, names] = [0, 0, 0]
  const terms = (): Terms => ({ now, ttlMs: 1e12, room })
  const began = new Map<string, number>()
  const talks = (call: string): void => {
    began.set(call, now)
    ends.set(call, now + Math.max(1, Math.round(lengths[shape](next))))
  }
  const comes = (): void => {
    const call = `c${names++}`
    const verdict = admit(desk, { call, quota, load: 1 }, terms())
    if (verdict.is === 'granted') talks(call)
    if (verdict.is !== 'queued') return
    const { mean, calls } = learned(talk)
    const place = verdict.place + 1
    joiners.set(call, { place, at: now, etaMs: etaMs(place, lines, mean, calls), calls, waitedMs: 0 })
  }
  for (let i = 0; i < lines; i++) comes()
  while (learned(talk).calls < calls) {
    const [first, end] = [...ends].reduce((a, b) => (b[1] < a[1] ? b : a), ['', Infinity])
    if (arrival < end) {
      now = arrival
      comes()
      arrival += (-Math.log(1 - next()) * meanMs) / (lines * load)
      continue
    }
    now = end
    ends.delete(first)
    release(desk, first, now)
    learn(talk, now - (began.get(first) as number))
    for (const call of advance(desk, terms())) {
      talks(call)
      const joiner = joiners.get(call) as Joiner
      served.push({ ...joiner, waitedMs: now - joiner.at })
    }
  }
  return served
}

const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length
const at = (share: number, list: number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(share * list.length)] as number
const percent = (share: number): string => `${Math.round(100 * share)} %`

test.each([
  { lines: 5, shape: 'exponential' },
  { lines: 20, shape: 'exponential' },
  { lines: 50, shape: 'exponential' },
  { lines: 5, shape: 'log-normal' },
  { lines: 20, shape: 'log-normal' },
  { lines: 50, shape: 'log-normal' },
] as const)(
  '[H3] the wait told is within 30 % of the mean wait, nine times in ten, at places 2 to 10 of $lines lines with $shape calls',
  { timeout: 30_000 },
  ({ lines, shape }) => {
    printSeed(`waits at ${lines} lines, ${shape} calls`)
    const next = chance(seed)
    const all = Array.from({ length: histories }, () => history(lines, shape, next)).flat()
    for (let place = 2; place <= 10; place++) {
      const joiners = all.filter((joiner) => joiner.place === place && joiner.calls >= learningCalls)
      const expected = mean(joiners.map(({ waitedMs }) => waitedMs))
      const told = joiners.map((joiner) => joiner.etaMs ?? 0)
      const errors = told.map((eta) => Math.abs(eta - expected) / expected)
      const single = joiners.map(({ waitedMs }) => Math.abs(waitedMs - expected) / expected)
      const bias = mean(told) / expected - 1
      console.info(
        `place ${place}: mean wait ${Math.round(expected / 1_000)} s, told within ${percent(at(0.9, errors))} of it (on average ` +
          `${percent(bias)} more); nine in ten single waits within ${percent(at(0.9, single))} of it; ${joiners.length} callers`,
      )
      expect(at(0.9, errors)).toBeLessThanOrEqual(0.3)
      expect(Math.abs(bias)).toBeLessThanOrEqual(0.15)
    }
  },
)

test('[H3] where lines fill at once nothing is told while the short calls alone have ended', () => {
  const next = chance(seed)
  const all = Array.from({ length: histories }, () => history(50, 'exponential', next)).flat()
  const told = all.filter(({ etaMs, place }) => etaMs !== null && place > 5)
  const first = told.filter(({ calls }) => calls < 200)
  const ratio = mean(first.map(({ etaMs }) => etaMs ?? 0)) / mean(first.map(({ waitedMs }) => waitedMs))
  console.info(`of ${first.length} waits told first ${percent(ratio)} on average of what they were`)
  expect(ratio).toBeGreaterThan(0.7)
})
