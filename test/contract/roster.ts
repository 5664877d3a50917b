// What every home of a roster must do, whatever it is made of. Knows no home.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MapRoster } from '../../src/roster-map.ts'
import type { Roster } from '../../src/roster.ts'
import { printSeed, seed } from './seed.ts'

/** Rosters by name in one fresh store; `work` may ask for as many as it likes. */
export type Home = (work: (open: (name: string) => Roster) => void) => Promise<void>

/** In the order of their UTF-8 bytes. By UTF-16 units the last two would stand the other way round. */
const names = ['', 'A', 'a', 'a\u0000', 'aa', 'b', 'é', 'ع', '中', '\uFFFD', '𝒳']

type Step =
  | { do: 'set' | 'add'; id: string; value: number }
  | { do: 'get' | 'rank' | 'delete'; id: string }
  | { do: 'purge'; value: number }
  | { do: 'size' | 'sum' }

const id = fc.constantFrom(...names)
const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1e12, max: 1e12 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('set' as const, 'add' as const), id, value }),
  fc.record({ do: fc.constantFrom('get' as const, 'rank' as const, 'delete' as const), id }),
  fc.record({ do: fc.constant('purge' as const), value }),
  fc.record({ do: fc.constantFrom('size' as const, 'sum' as const) }),
)

export function rosterContract(home: Home): void {
  describe('a roster', () => {
    test('[S1] is empty before anything is set', () =>
      home((open) => {
        const roster = open('r')
        expect([roster.size(), roster.sum(), roster.get('a'), roster.rank('a')]).toEqual([0, 0, undefined, undefined])
        expect(roster.purge(1e14)).toEqual([])
        expect(() => roster.delete('a')).not.toThrow()
      }))

    test('[S1] keeps one number a name, the last that was set', () =>
      home((open) => {
        const roster = open('r')
        roster.set('a', 1)
        roster.set('a', 0)
        expect([roster.get('a'), roster.size(), roster.sum()]).toEqual([0, 1, 0])
      }))

    test('[S1] adds to 0 where there was nothing, and answers with the new value', () =>
      home((open) => {
        const roster = open('r')
        expect([roster.add('a', 5), roster.add('a', -7), roster.add('b', 0)]).toEqual([5, -2, 0])
        expect([roster.get('a'), roster.get('b'), roster.size(), roster.sum()]).toEqual([-2, 0, 2, -2])
      }))

    test('[S1] ranks by number and then by the UTF-8 bytes of the name', () =>
      home((open) => {
        const roster = open('r')
        for (const name of names.toReversed()) roster.set(name, 7)
        expect(names.map((name) => roster.rank(name))).toEqual(names.map((_, place) => place))
        roster.set('𝒳', 6)
        roster.set('A', 8)
        expect([roster.rank('𝒳'), roster.rank(''), roster.rank('A')]).toEqual([0, 1, names.length - 1])
      }))

    test('[S1] purges up to and with a value, and names what went, in order', () =>
      home((open) => {
        const roster = open('r')
        for (const name of names.toReversed()) roster.set(name, 7)
        roster.set('early', -1)
        roster.set('late', 8)
        expect(roster.purge(6)).toEqual(['early'])
        expect(roster.purge(7)).toEqual(names)
        expect([roster.size(), roster.get('late'), roster.rank('late')]).toEqual([1, 8, 0])
      }))

    test('[S1] keeps whole numbers up to 1e14 exact', () =>
      home((open) => {
        const roster = open('r')
        const most = 1e14 - 1
        roster.set('a', most)
        roster.set('b', -most)
        expect([roster.get('a'), roster.get('b'), roster.add('b', most), roster.add('a', -1)]).toEqual([
          most,
          -most,
          0,
          most - 1,
        ])
        roster.set('b', most)
        expect([roster.rank('a'), roster.rank('b')]).toEqual([0, 1])
        expect(roster.purge(most - 1)).toEqual(['a'])
      }))

    test('[S1] stands apart from the other rosters of its store', () =>
      home((open) => {
        const [one, other] = [open('r'), open('r2')]
        one.set('a', 1)
        other.set('a', 2)
        other.set('b', 2)
        expect([one.get('a'), one.size(), one.sum(), one.rank('b')]).toEqual([1, 1, 1, undefined])
        expect(one.purge(9)).toEqual(['a'])
        expect([other.get('a'), other.size(), other.sum()]).toEqual([2, 2, 4])
        one.set('a', 1)
        other.delete('a')
        expect([one.get('a'), open('r').get('a')]).toEqual([1, 1])
      }))

    test('[S1] does over random steps what a Map does', async () => {
      printSeed('roster contract')
      await home((open) => {
        let run = 0
        fc.assert(
          fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
            const [roster, map] = [open(`random ${run++}`), new MapRoster()]
            for (const step of steps) expect(taken(roster, step)).toEqual(taken(map, step))
          }),
          { seed, numRuns: 30 },
        )
      })
    })
  })
}

/** The answer of one step; `undefined` stays what it is. */
function taken(roster: Roster, step: Step): unknown {
  switch (step.do) {
    case 'set':
      return roster.set(step.id, step.value)
    case 'add':
      return roster.add(step.id, step.value)
    case 'get':
      return roster.get(step.id)
    case 'rank':
      return roster.rank(step.id)
    case 'delete':
      return roster.delete(step.id)
    case 'purge':
      return roster.purge(step.value)
    case 'size':
      return roster.size()
    default:
      return roster.sum()
  }
}
