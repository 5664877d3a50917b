// `node bench/admissions.ts`: how long a caller waits to be let in, when so many come each second whatever happens to those before them, beside
// a relay that lets everybody in. Refuses to judge the figures.
import { writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { startChild, type Child } from './child.ts'
import type { Came, Order } from './comers.ts'
import { quantile, spread } from './figures.ts'
import { absent, hostRows, type HostRowName } from './host-rows.ts'
import type { Door } from './load.ts'
import { thisMachine } from './machine.ts'
import { whole } from './options.ts'
import { cpuMs } from './proc.ts'
import { table } from './report.ts'
import { brokerDoor, type Running } from './tenant.ts'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const names = ['ws-relay', 'node', 'redis', 'redis-always'] as const
type Name = (typeof names)[number]
interface Options {
  readonly perSecond: number
  readonly seconds: number
  readonly rounds: number
  readonly tenants: number
  readonly stay: number
  readonly only: readonly Name[]
  readonly profile?: string
  readonly json?: string
}
const options = new Command('admissions')
  .description('How long callers wait for their 101, coming at a steady rate whatever happens (open model).')
  .option('--per-second <number>', 'callers each second', whole(1, 2_000), 500)
  .option('--seconds <number>', 'how long each measurement lasts', whole(1, 60), 10)
  .option('--rounds <number>', 'how often each row has its turn', whole(1, 100), 3)
  .option('--tenants <number>', 'tenants that they call in turn; one key may open 50 calls a second', whole(1, 200), 20)
  .option('--stay <ms>', 'how long each stays; 0: it hangs up at once', whole(0, 4_000), 0)
  .addOption(new Option('--only <rows...>', 'only these rows').choices(names).default(names.slice(0, 3)))
  .option('--profile <folder>', 'write a CPU profile of each process there; its own cost is in the figures then')
  .option('--json <file>', 'write every measurement there as well')
  .parse()
  .opts<Options>()

interface Measured {
  readonly p50: number
  readonly p99: number
  readonly most: number
  readonly latenessP99: number
  readonly cpuPerUpgrade: number
  /** Of it Redis. */
  readonly storePerUpgrade: number
  readonly rowShare: number
  readonly comersShare: number
  readonly callers: number
  readonly refused: number
  readonly unanswered: number
  readonly statuses: Came['statuses']
}

/** V8 compiles what runs often: every row gets as much to run before it counts. */
const warmSeconds = 4
const settleMs = 1_000

const missing = await absent(options.only)
for (const [row, why] of missing) say(`${row} is left out: ${why}`)
const rows = options.only.filter((row) => !missing.has(row))
const upstream = startChild('./upstream.ts')
const comers = startChild('./comers.ts')
const ways = hostRows(((await upstream.said) as { port: number }).port, options.profile)
const measured = new Map<Name, Measured[]>(rows.map((row) => [row, []]))
for (let round = 1; round <= options.rounds; round++) {
  for (const row of round % 2 === 0 ? rows.toReversed() : rows) {
    const one = await measure(row)
    measured.get(row)?.push(one)
    const said = [one.p50, one.p99, one.most].map((ms) => ms.toFixed(1)).join(', ')
    say(`round ${round}, ${row}: 101 p50, p99, most ${said}; answers ${JSON.stringify(one.statuses)}`)
  }
}
console.log(rendered())
if (options.json !== undefined) {
  const report = { options, machine: thisMachine(), rounds: Object.fromEntries(measured) }
  await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
}
await Promise.all([upstream, comers].map((child: Child) => child.end()))

async function measure(row: HostRowName): Promise<Measured> {
  const running = await ways[row]()
  try {
    const doors = row === 'ws-relay' ? [running.door] : await doorsOf(running)
    const order: Order = { doors, perSecond: options.perSecond, seconds: options.seconds, stayMs: options.stay }
    await comers.ask<Came>({ ...order, seconds: warmSeconds })
    await wait(settleMs)
    const taken = (): number[] => [running.pids, running.pids.slice(1), [comers.pid]].map((pids) => cpuMs(pids) ?? NaN)
    const [before, at] = [taken(), performance.now()]
    const { decided, lateness, statuses } = await comers.ask<Came>(order)
    const ms = performance.now() - at
    const [rowMs = NaN, storeMs = NaN, comersMs = NaN] = taken().map((now, i) => now - (before[i] ?? NaN))
    return {
      p50: quantile(decided, 0.5),
      p99: quantile(decided, 0.99),
      most: Math.max(...decided),
      latenessP99: quantile(lateness, 0.99),
      cpuPerUpgrade: rowMs / lateness.length,
      storePerUpgrade: storeMs / lateness.length,
      rowShare: rowMs / ms,
      comersShare: comersMs / ms,
      callers: lateness.length,
      refused: lateness.length - decided.length - (statuses[0] ?? 0),
      unanswered: statuses[0] ?? 0,
      statuses,
    }
  } finally {
    await running.stop()
  }
}

function doorsOf({ door }: Running): Promise<Door[]> {
  const origin = door.url.replace(/\/v1.*/, '')
  return Promise.all(Array.from({ length: options.tenants }, () => brokerDoor(origin)))
}

function column(row: Name, figure: Exclude<keyof Measured, 'statuses'>, digits: number): string {
  return spread((measured.get(row) ?? []).map((one) => one[figure]))?.median.toFixed(digits) ?? '–'
}

function sum(row: Name, figure: 'callers' | 'refused' | 'unanswered'): string {
  return String((measured.get(row) ?? []).reduce((all, one) => all + one[figure], 0))
}

function rendered(): string {
  const head = [
    'callers',
    'row',
    '101 p50',
    '101 p99',
    'most',
    'late p99',
    'CPU',
    'Redis',
    'row',
    'callers',
    'refused',
    'lost',
  ]
  const cells = rows.map((row) => [
    sum(row, 'callers'),
    row,
    column(row, 'p50', 2),
    column(row, 'p99', 2),
    column(row, 'most', 1),
    column(row, 'latenessP99', 2),
    column(row, 'cpuPerUpgrade', 2),
    column(row, 'storePerUpgrade', 2),
    column(row, 'rowShare', 2),
    column(row, 'comersShare', 2),
    sum(row, 'refused'),
    sum(row, 'unanswered'),
  ])
  return [
    thisMachine().text,
    `${options.perSecond} callers a second at ${options.tenants} tenants, each gone ${options.stay} ms after it is answered; medians of ${options.rounds} rounds of ${options.seconds} s.
101: ms from when a caller was due to its 101, TCP connection and request included. late: how late this program came. CPU: ms for each caller, all of
the row's processes, its dial upstream included; of it Redis. row, callers: how much of one core each used. Aim, on Redis: p50 at most 2 ms, p99 at most 10 ms.`,
    table(head, cells),
  ].join('\n\n')
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
