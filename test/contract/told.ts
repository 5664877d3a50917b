// Random command streams: every home gives the transcript of a naive model. Knows no rule and no home.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { MapRoster } from '../../src/roster-map.ts'
import type { Roster } from '../../src/roster.ts'
import type { Home } from './roster.ts'
import { printSeed, seed } from './seed.ts'

/** What a stream is run against: the rules in some home, or the naive model. */
export interface Subject<Command> {
  take(command: Command): unknown
  /** Everything that is kept at the end. */
  state(): unknown
}

export interface Story<Command> {
  /** Which rules it is about. */
  to: string
  command: fc.Arbitrary<Command>
  rules: (open: (name: string) => Roster) => Subject<Command>
  naive: () => Subject<Command>
}

/** Commands of one stream. */
const length = 100

/** Runs so many random commands in the home, on Maps and through the naive model: three equal transcripts. */
export function streams<C>(name: string, home: Home, steps: number, { to, command, rules, naive }: Story<C>): void {
  test(
    `[S1] over ${steps} random commands to ${to}, ${name}, Maps and a naive model tell the same story`,
    {
      timeout: 60_000,
    },
    async () => {
      printSeed(`commands to ${to} on ${name}`)
      let run = 0
      let taken = 0
      await home((open) => {
        fc.assert(
          fc.property(fc.array(command, { minLength: length, maxLength: length, size: 'max' }), (commands) => {
            const prefix = `${run++}`
            taken += commands.length
            const transcript = told(
              rules((name) => open(`${prefix}/${name}`)),
              commands,
            )
            expect(transcript).toEqual(told(naive(), commands))
            expect(transcript).toEqual(
              told(
                rules(() => new MapRoster()),
                commands,
              ),
            )
          }),
          { seed, numRuns: Math.ceil(steps / length) },
        )
      })
      expect(taken).toBeGreaterThanOrEqual(steps)
    },
  )
}

function told<C>(subject: Subject<C>, commands: readonly C[]): string[] {
  const lines = commands.map(
    (command) => `${JSON.stringify(command)} → ${JSON.stringify(subject.take(command) ?? null)}`,
  )
  return [...lines, JSON.stringify(subject.state())]
}
