// `node bench/storm.ts`: what a client that reconnects without back-off does to the callers of another tenant. Refuses to judge the figures.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { startChild } from './child.ts'
import { paired, spread, type Spread } from './figures.ts'
import { thisMachine } from './machine.ts'
import { whole } from './options.ts'
import { prepareRows } from './rows.ts'
import { table, wide } from './report.ts'
import { measure, pin, ways, type Measured, type Stage, type Way } from './storm-ways.ts'

Object.assign(process.env, { CI: '1', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' })
process.env['XDG_CONFIG_HOME'] ??= new URL('../.cache/xdg', import.meta.url).pathname
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

interface Options {
  readonly callers: number
  readonly storm: number
  readonly seconds: number
  readonly rounds: number
  readonly pin: boolean
  readonly only: readonly Way[]
  readonly json?: string
}
const options = new Command('storm')
  .description('A client that reconnects without back-off, and what the callers of another tenant notice of it.')
  .option('--callers <number>', 'ordinary callers a second', whole(1, 50), 20)
  .option('--storm <number>', 'reconnects a second', whole(1, 2_000), 300)
  .option('--seconds <number>', 'how long each measurement lasts', whole(1, 45), 15)
  .option('--rounds <number>', 'how often each way has its turn', whole(1, 100), 5)
  .option('--pin', 'workerd on one core, all else on the other (taskset)', false)
  .addOption(new Option('--only <ways...>', 'only these ways').choices(ways).default(ways))
  .option('--json <file>', 'write every measurement there as well')
  .parse()
  .opts<Options>()

const upstream = startChild('./upstream.ts')
const arrivals = startChild('./arrivals.ts')
const stormer = startChild('./stormer.ts')
const bare = startChild('./bare.ts')
const keeper = startChild('./keeper.ts')
const upstreamPort = ((await upstream.said) as { port: number }).port
const barePort = ((await bare.said) as { port: number }).port
// In memory: a call's object opens a file and waits for it, and the disk of a machine that is shared is another storm.
const { broker } = await prepareRows(['broker'], keeper, upstreamPort, existsSync('/dev/shm') ? '/dev/shm' : undefined)
if (options.pin) for (const { pid } of [upstream, arrivals, stormer, bare]) pin(pid, 1)

const stage: Stage = {
  broker,
  arrivals,
  stormer,
  barePort,
  callersPerSecond: options.callers,
  stormPerSecond: options.storm,
  seconds: options.seconds,
  pinned: options.pin,
}
const measured = new Map<Way, Measured[]>(ways.map((way) => [way, []]))
for (let round = 1; round <= options.rounds; round++) {
  // The way back in every other round: whoever follows whom is disturbed by it as often.
  for (const way of round % 2 === 0 ? options.only.toReversed() : options.only) {
    const one = await measure(stage, way)
    measured.get(way)?.push(one)
    const { decidedP50, decidedP99, latenessP99, stormed } = one
    const said = [decidedP50, decidedP99, latenessP99].map((ms) => ms.toFixed(1)).join(', ')
    process.stderr.write(`round ${round}, ${way}: 101 p50, p99, late ${said}; storm ${JSON.stringify(stormed)}\n`)
  }
}
console.log(rendered())
if (options.json !== undefined) {
  const report = { options, machine: thisMachine(), rounds: Object.fromEntries(measured) }
  await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
}
await Promise.all([upstream, arrivals, stormer, bare, keeper].map((child) => child.end()))

type Figure = 'decidedP50' | 'decidedP99' | 'heardP50' | 'heardP99' | 'latenessP99' | 'brokerShare' | 'stormShare'

function column(way: Way, figure: Figure): number[] {
  return (measured.get(way) ?? []).map((one) => one[figure])
}

function ratio(way: Way, to: Way, figure: Figure): Spread | undefined {
  return spread(paired(column(way, figure), column(to, figure), (one, other) => one / other))
}

/** The calmest round of each: what else runs on the machine only adds. */
function best(way: Way, to: Way): number | undefined {
  const [one, other] = [spread(column(way, 'decidedP99')), spread(column(to, 'decidedP99'))]
  return one === undefined || other === undefined ? undefined : one.least / other.least
}

function sum(way: Way, figure: 'callers' | 'lost'): string {
  return String((measured.get(way) ?? []).reduce((all, one) => all + one[figure], 0))
}

function rendered(): string {
  const figures = [
    'decidedP50',
    'decidedP99',
    'heardP50',
    'heardP99',
    'latenessP99',
    'brokerShare',
    'stormShare',
  ] as const
  const rows = options.only.map((way) => {
    const medians = figures.map((figure) => (spread(column(way, figure))?.median ?? Number.NaN).toFixed(2))
    return [sum(way, 'callers'), way].concat(medians, sum(way, 'lost'))
  })
  const all: [Way, Way][] = [
    ['elsewhere', 'quiet'],
    ['storm', 'quiet'],
    ['livez', 'quiet'],
    ['storm', 'livez'],
    ['first', 'quiet'],
    ['after', 'quiet'],
    ['storm', 'after'],
  ]
  const pairs = all.filter((pair) => pair.every((way) => options.only.includes(way)))
  const ratios = pairs.map(([way, to]) => {
    const wides = figures.slice(0, 4).map((figure) => wide(ratio(way, to, figure)))
    return [best(way, to)?.toFixed(2) ?? '–', `${way} / ${to}`].concat(wides)
  })
  return [
    thisMachine().text,
    `${options.callers} callers a second, ${options.storm} reconnects a second. Medians of the rounds, ms from when a caller was due; CPU as a share of one core.`,
    table(
      ['callers', 'way', '101 p50', '101 p99', 'first p50', 'first p99', 'late p99', 'CPU', 'storm CPU', 'lost'],
      rows,
    ),
    'Ratios, taken within each round: median (least–most), rounds. Best: 101 p99 of the calmest round of each.',
    table(['best', 'ways', '101 p50', '101 p99', 'first p50', 'first p99'], ratios),
  ].join('\n\n')
}
