// `npm run bench`: every row in turn, round after round, so that what drifts drifts for all. Refuses to judge the figures.
import { writeFile } from 'node:fs/promises'
import { startChild, type Child } from './child.ts'
import { absent } from './host-rows.ts'
import { thisMachine } from './machine.ts'
import { speak, stand } from './measure.ts'
import { parseOptions } from './options.ts'
import { rendered, speakingFigures, standingFigures, type Measured, type Report } from './report.ts'
import { prepareRows, type RowName, type Rows } from './rows.ts'
import type { Running } from './tenant.ts'

Object.assign(process.env, { CI: '1', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' })
process.env['XDG_CONFIG_HOME'] ??= new URL('../.cache/xdg', import.meta.url).pathname
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130)) // the children follow: child.ts

const { rows: asked, calls, seconds, frames, rounds, standing, json, profile } = parseOptions(process.argv.slice(2))
const missing = await absent(asked)
for (const [row, why] of missing) say(`${row} is left out: ${why}`)
const rows = asked.filter((row) => !missing.has(row))
const turns = rounds * rows.length
const minutes = (turns * (calls.length * (seconds + 5) + (standing > 0 ? 7 : 0))) / 60
say(`${rounds} rounds of ${rows.join(', ')}: about ${Math.ceil(minutes)} minutes`)
const late = setTimeout(
  () => {
    say('it takes more than twice as long as it should: stopped')
    process.exit(1)
  },
  minutes * 2 * 60_000 + 60_000,
)

const upstream = startChild('./upstream.ts')
const load = startChild('./load.ts')
const keeper = startChild('./keeper.ts')
const { port } = (await upstream.said) as { port: number }
const ways = await prepareRows(rows, keeper, port, undefined, profile)

const measured: Measured[] = rows.map((row) => ({ row, speaking: new Map(), standing: [] }))
for (let round = 1; round <= rounds; round++) {
  // The way back in every other round: whoever follows whom is disturbed by it as often.
  const order = round % 2 === 0 ? measured.toReversed() : measured
  for (const n of calls) {
    for (const { row, speaking } of order) {
      const one = await afresh(ways, row, (running) => speak({ load, upstream }, running, n, frames, seconds))
      speaking.set(n, [...(speaking.get(n) ?? []), one])
      const cpu = one.cpuPer1000 === undefined ? '' : `, CPU ${one.cpuPer1000.toFixed(1)}`
      say(`round ${round}, ${n} calls, ${row}: p50 ${one.p50.toFixed(2)}, p99 ${one.p99.toFixed(2)}${cpu}`)
    }
  }
  for (const { row, standing: stood } of standing > 0 ? order : []) {
    stood.push(await afresh(ways, row, (running) => stand(load, running, standing)))
    say(`round ${round}, ${standing} calls standing, ${row}`)
  }
}

const report: Report = {
  command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
  at: new Date().toISOString(),
  machine: thisMachine(),
  speaking: calls.flatMap((n) => speakingFigures(measured, n)),
  standing: standingFigures(measured),
}
console.log(rendered(report))
if (json !== undefined) {
  const rounds = measured.map(({ row, speaking, standing: stood }) => ({
    row,
    speaking: [...speaking.values()].flat(),
    standing: stood,
  }))
  await writeFile(json, `${JSON.stringify({ ...report, rounds }, null, 2)}\n`)
}
clearTimeout(late)
await Promise.all([upstream, load, keeper].map((child: Child) => child.end()))

async function afresh<T>(ways: Rows, row: RowName, work: (running: Running) => Promise<T>): Promise<T> {
  const running = await ways[row]()
  try {
    return await work(running)
  } finally {
    await running.stop()
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
