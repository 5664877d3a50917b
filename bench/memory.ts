// `node bench/memory.ts`: what a call takes of a Node process's memory, standing and speaking, beside a bare relay's. Refuses to judge the figures.
import { writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { startChild, type Child } from './child.ts'
import { spread } from './figures.ts'
import { absent, hostRows } from './host-rows.ts'
import type { Opened, Run } from './load.ts'
import { thisMachine } from './machine.ts'
import { whole } from './options.ts'
import { residentKib } from './proc.ts'
import { table } from './report.ts'
import type { Running } from './tenant.ts'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const names = ['ws-relay', 'node', 'redis'] as const
type Name = (typeof names)[number]
interface Options {
  readonly idle: number
  readonly active: number
  readonly seconds: number
  readonly rounds: number
  readonly only: readonly Name[]
  readonly json?: string
}
const options = new Command('memory')
  .description('Resident memory and JavaScript heap for each call, standing and speaking.')
  .option('--idle <number>', 'calls that only stand', whole(1, 1_000), 1_000)
  .option('--active <number>', 'calls that speak, 50 frames a second each', whole(1, 500), 300)
  .option('--seconds <number>', 'how long they speak', whole(2, 60), 8)
  .option('--rounds <number>', 'how often each row has its turn', whole(1, 100), 2)
  .addOption(new Option('--only <rows...>', 'only these rows').choices(names).default(names))
  .option('--json <file>', 'write every measurement there as well')
  .parse()
  .opts<Options>()

/** KiB a call above the same process before, and what that process had itself. */
interface Measured {
  readonly base: number
  /** As the system sees it: what waits to be collected is in it, and what V8 keeps for later. */
  readonly idleResident: number
  /** The same after a collection. */
  readonly idleCollected: number
  readonly idleHeap: number
  /** The most that the system saw while they spoke. */
  readonly activeResident: number
  /** Of the same process, its calls silent again, after a collection. */
  readonly activeCollected: number
}

const framesPerSecond = 50
/** The first calls bring the code in. None of them speaks: what V8 gives a busy heap is for those who are counted. */
const warmCalls = 50
/** The last close of a call is over, and the kernel has what it left. */
const settleMs = 3_000
const sampleMs = 250

const missing = await absent(options.only)
for (const [row, why] of missing) say(`${row} is left out: ${why}`)
const rows = options.only.filter((row) => !missing.has(row))
const upstream = startChild('./upstream.ts')
const load = startChild('./load.ts')
const ways = hostRows(((await upstream.said) as { port: number }).port)
const measured = new Map<Name, Measured[]>(rows.map((row) => [row, []]))
for (let round = 1; round <= options.rounds; round++) {
  for (const row of round % 2 === 0 ? rows.toReversed() : rows) {
    const one = { ...(await afresh(row, standing)), ...(await afresh(row, speaking)) }
    measured.get(row)?.push(one)
    say(
      `round ${round}, ${row}: ${JSON.stringify(one, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value))}`,
    )
  }
}
console.log(rendered())
if (options.json !== undefined) {
  const report = { options, machine: thisMachine(), rounds: Object.fromEntries(measured) }
  await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
}
await Promise.all([upstream, load].map((child: Child) => child.end()))

async function standing(
  running: Running,
): Promise<Pick<Measured, 'base' | 'idleResident' | 'idleCollected' | 'idleHeap'>> {
  const before = await looked(running)
  await load.ask<Opened>({ do: 'open', door: running.door, calls: options.idle, atOnce: 10 })
  await wait(settleMs)
  const residentKib = ownResidentKib(running)
  const now = await looked(running)
  return {
    base: before.residentKib,
    idleResident: (residentKib - before.residentKib) / options.idle,
    idleCollected: (now.residentKib - before.residentKib) / options.idle,
    idleHeap: (now.heapKib - before.heapKib) / options.idle,
  }
}

async function speaking(running: Running): Promise<Pick<Measured, 'activeResident' | 'activeCollected'>> {
  const before = await looked(running)
  await load.ask<Opened>({ do: 'open', door: running.door, calls: options.active, atOnce: 10 })
  const samples: number[] = []
  const sampler = setInterval(() => samples.push(ownResidentKib(running)), sampleMs)
  await load.ask<Run>({ do: 'run', framesPerSecond, seconds: options.seconds })
  clearInterval(sampler)
  const now = await looked(running)
  return {
    activeResident: (Math.max(...samples) - before.residentKib) / options.active,
    activeCollected: (now.residentKib - before.residentKib) / options.active,
  }
}

async function looked(running: Running): Promise<{ residentKib: number; heapKib: number }> {
  const inside = await running.look?.()
  if (inside === undefined) throw new Error('this row cannot be looked into')
  return { ...inside, residentKib: ownResidentKib(running) }
}

/** Of the Node process alone: a store of its own keeps no calls. */
function ownResidentKib({ pids }: Running): number {
  return residentKib(pids.slice(0, 1)) ?? NaN
}

async function afresh<T>(row: Name, work: (running: Running) => Promise<T>): Promise<T> {
  const running = await ways[row]()
  try {
    await load.ask<Opened>({ do: 'open', door: running.door, calls: warmCalls, atOnce: 10 })
    await load.ask({ do: 'keep', calls: 0 })
    await wait(settleMs)
    return await work(running)
  } finally {
    await load.ask({ do: 'keep', calls: 0 })
    await running.stop()
  }
}

function column(row: Name, figure: keyof Measured, unit = 1, digits = 1): string {
  const one = spread((measured.get(row) ?? []).map((each) => each[figure] / unit))
  if (one === undefined) return '–'
  return `${one.median.toFixed(digits)} (${one.least.toFixed(digits)}–${one.most.toFixed(digits)})`
}

function rendered(): string {
  const head = ['process MiB', 'row', 'idle: resident', 'collected', 'heap', 'active: resident', 'collected']
  const cells = rows.map((row) => [
    column(row, 'base', 1024, 0),
    row,
    column(row, 'idleResident'),
    column(row, 'idleCollected'),
    column(row, 'idleHeap'),
    column(row, 'activeResident'),
    column(row, 'activeCollected'),
  ])
  return [
    thisMachine().text,
    `KiB for each call, of ${options.idle} that only stand and of ${options.active} that speak 50 frames a second; medians of ${options.rounds} rounds (least–most). process: before them,
after ${warmCalls} calls have come and gone, collected. Resident: as the system sees it, uncollected garbage included, the most that was seen
while they spoke; collected: the same calls after a collection. Aims: idle at most 60 KB resident, active at most 150 KB.`,
    table(head, cells),
  ].join('\n\n')
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
