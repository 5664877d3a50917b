// `node bench/churn.ts`: minutes of callers that come, wait, speak and leave at random, then what the Node host still holds beside what it held before.
// Refuses to judge the figures.
import { setTimeout as wait } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { startChild } from './child.ts'
import { absent, hostRows } from './host-rows.ts'
import type { Inside } from './inside.ts'
import type { Kept } from './kept.ts'
import { thisMachine } from './machine.ts'
import { whole } from './options.ts'
import { Restless, type Left } from './restless.ts'
import { brokerDoor, type Running } from './tenant.ts'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

interface Options {
  readonly minutes: number
  readonly perSecond: number
  readonly lines: number
  readonly seed: number
  readonly row: 'ws-relay' | 'node' | 'redis'
}
const options = new Command('churn')
  .description('What is left in the Node host after minutes of callers that come, wait, speak and leave at random.')
  .option('--minutes <number>', 'how long', fraction, 10)
  .option('--per-second <number>', 'callers a second, on average', whole(1, 45), 15)
  .option('--lines <number>', 'lines of their tenant: half as many again are wanted by default', whole(1, 1_000), 15)
  .option('--seed <number>', 'the same again', whole(0, 2 ** 32 - 1), Math.floor(Math.random() * 2 ** 32))
  .addOption(new Option('--row <row>', 'who is called').choices(['ws-relay', 'node', 'redis']).default('node'))
  .parse()
  .opts<Options>()

/** Code is brought in and compiled, pools and caches are filled: what they take is no leak. */
const warmMs = 30_000
/** Late closes are over, and beats have swept up; a lease of a caller that vanished would have run out. */
const quietMs = 35_000

const why = (await absent([options.row])).get(options.row)
if (why !== undefined) {
  console.log(`${options.row} cannot be measured: ${why}`)
  process.exit(0)
}
say(`seed ${options.seed}; about ${(options.minutes + (warmMs + 2 * quietMs) / 60_000).toFixed(1)} minutes`)
const upstream = startChild('./upstream.ts')
const running = await hostRows(((await upstream.said) as { port: number }).port)[options.row]()
const door =
  options.row === 'ws-relay'
    ? running.door
    : await brokerDoor(running.door.url.replace(/\/v1.*/, ''), { plan: 'scale', caps: { lines: options.lines } })
const restless = new Restless(door, options.seed, options.perSecond)
await restless.run(warmMs)
await wait(quietMs)
const before = await held(running)
const left = await restless.run(options.minutes * 60_000)
await wait(quietMs)
const after = await held(running)
console.log(rendered(before, after, left))
await running.stop()
await upstream.end()

interface Held {
  readonly inside: Inside
  readonly kept: Kept
}

async function held({ look, kept }: Running): Promise<Held> {
  const inside = await look?.()
  if (inside === undefined) throw new Error('this row cannot be looked into')
  return { inside, kept: (await kept?.()) ?? {} }
}

function rendered(one: Held, other: Held, gone: Left): string {
  const lines = [
    ...compared('KiB', memoryOf(one.inside), memoryOf(other.inside)),
    ...compared('handles', one.inside.handles, other.inside.handles),
    ...compared('open files', one.inside.files, other.inside.files),
    ...compared('store', one.kept, other.kept),
  ]
  return [
    `${thisMachine().text}; ${options.row}, seed ${options.seed}`,
    `${options.minutes} minutes: ${Object.entries(gone)
      .map(([how, count]) => `${count} ${how}`)
      .join(', ')}. Before: after 30 s of the same, and quiet; after: quiet again. Memory after a collection.`,
    [['', 'before', 'after', 'change'], ...lines]
      .map(([name = '', ...cells]) => name.padEnd(40) + cells.map((cell) => cell.padStart(10)).join(''))
      .join('\n'),
  ].join('\n\n')
}

function memoryOf({ heapKib, externalKib, residentKib }: Inside): Kept {
  return {
    'heap KiB': Math.round(heapKib),
    'buffers KiB': Math.round(externalKib),
    'resident KiB': Math.round(residentKib),
  }
}

function compared(what: string, one: Kept, other: Kept): string[][] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted()
  return names.map((name) => {
    const [was, is] = [one[name] ?? 0, other[name] ?? 0]
    return [
      what === 'KiB' ? name : `${what}: ${name}`,
      String(was),
      String(is),
      was === is ? '=' : `${is > was ? '+' : ''}${is - was}`,
    ]
  })
}

function fraction(text: string): number {
  const number = Number(text)
  if (number > 0 && number <= 600) return number
  throw new InvalidArgumentError('It must be a number above 0, at most 600.')
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
