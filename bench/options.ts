// What a person may say to the bench. Refuses to act on it.
import { Command, InvalidArgumentError, Option } from 'commander'
import { rowNames, usualRows, type RowName } from './rows.ts'

/** Whose rows run unless others are asked for. */
export type Host = keyof typeof usualRows

export interface BenchOptions {
  readonly host: Host
  readonly calls: number[]
  readonly seconds: number
  readonly frames: number
  readonly rounds: number
  readonly standing: number
  readonly only: RowName[] | undefined
  readonly json: string | undefined
  readonly profile: string | undefined
}

const usual = {
  worker: { calls: [1, 20, 50], standing: 200, seconds: 10, rounds: 3 },
  node: { calls: [100, 300], standing: 0, seconds: 5, rounds: 2 },
}

export function parseOptions(argv: readonly string[]): BenchOptions & { rows: readonly RowName[] } {
  const command = new Command('bench')
    .description('The relay of the broker beside the smallest relays that one could write, in the same run.')
    .addOption(
      new Option('--host <host>', 'whose rows, and how many calls, where nothing else is said')
        .choices(Object.keys(usualRows))
        .default('worker'),
    )
    .option('--calls <numbers>', 'calls at once, one measurement for each (worker: 1,20,50; node: 100,300)', numbers)
    .option('--seconds <number>', 'how long each measurement lasts (worker: 10; node: 5)', whole(1, 600))
    .option('--frames <number>', 'frames a second of each caller', whole(1, 200), 50)
    .option('--rounds <number>', 'how often each row has its turn (worker: 3; node: 2)', whole(1, 100))
    .option(
      '--standing <number>',
      'calls that only stand, for memory and admission; 0 leaves that out (worker: 200; node: 0)',
      whole(0, 900),
    )
    .addOption(new Option('--only <rows...>', 'only these rows').choices(rowNames))
    .option('--profile <folder>', 'write a CPU profile of each Node row there; its own cost is in the figures then')
    .option('--json <file>', 'write every measurement and figure there as well')
  const options = command
    .parse(argv, { from: 'user' })
    .opts<Partial<BenchOptions> & Pick<BenchOptions, 'host' | 'frames' | 'only' | 'json' | 'profile'>>()
  return { ...usual[options.host], ...options, rows: options.only ?? usualRows[options.host] }
}

function numbers(text: string): number[] {
  return text.split(',').map((part) => whole(1, 500)(part.trim()))
}

export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
