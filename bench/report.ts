// The figures of a run, as data and as aligned text. Refuses to know how they were measured.
import { paired, spread, type Spread } from './figures.ts'
import type { Machine } from './machine.ts'
import type { Speaking, Standing } from './measure.ts'
import type { RowName } from './rows.ts'

/** What one row gave: by number of calls, one entry for each round. */
export interface Measured {
  readonly row: RowName
  readonly speaking: Map<number, Speaking[]>
  readonly standing: Standing[]
}

export interface SpeakingFigures {
  readonly calls: number
  readonly row: RowName
  readonly p50: Spread | undefined
  readonly p99: Spread | undefined
  readonly addedP50: Spread | undefined
  readonly addedP99: Spread | undefined
  readonly cpuPer1000: Spread | undefined
  /** Of this row to each control row, round by round. */
  readonly ratios: {
    to: RowName
    addedP50?: Spread | undefined
    addedP99?: Spread | undefined
    cpu?: Spread | undefined
    /** The cheapest round of each: what else runs on the machine only adds. */
    cpuBest?: number | undefined
  }[]
  readonly lost: number
  readonly latenessP99: Spread | undefined
  readonly loadShare: Spread | undefined
  readonly rowShare: Spread | undefined
  readonly upstreamShare: Spread | undefined
}

export interface Report {
  readonly command: string
  readonly at: string
  readonly machine: Machine
  readonly speaking: SpeakingFigures[]
  readonly standing: Record<string, unknown>[]
}

const workerControls: readonly RowName[] = ['control', 'control-hibernatable']
const controls: Readonly<Partial<Record<RowName, readonly RowName[]>>> = {
  broker: workerControls,
  dev: workerControls,
  'dev-assets': workerControls,
  haproxy: ['ws-relay'],
  node: ['ws-relay'],
  redis: ['ws-relay'],
  'redis-always': ['ws-relay'],
}

export function speakingFigures(all: readonly Measured[], calls: number): SpeakingFigures[] {
  const column = (row: RowName, field: 'p50' | 'p99' | 'cpuPer1000'): (number | undefined)[] =>
    all
      .find((one) => one.row === row)
      ?.speaking.get(calls)
      ?.map((round) => round[field]) ?? []
  const added = (row: RowName, field: 'p50' | 'p99'): (number | undefined)[] =>
    row === 'direct' ? [] : paired(column(row, field), column('direct', field), (one, floor) => one - floor)
  return all.map(({ row, speaking }) => {
    const rounds = speaking.get(calls) ?? []
    return {
      calls,
      row,
      p50: spread(column(row, 'p50')),
      p99: spread(column(row, 'p99')),
      addedP50: spread(added(row, 'p50')),
      addedP99: spread(added(row, 'p99')),
      cpuPer1000: spread(column(row, 'cpuPer1000')),
      ratios: (controls[row] ?? [])
        .filter((to) => all.some((one) => one.row === to))
        .map((to) => ({
          to,
          addedP50: ratio(added(row, 'p50'), added(to, 'p50')),
          addedP99: ratio(added(row, 'p99'), added(to, 'p99')),
          cpu: ratio(column(row, 'cpuPer1000'), column(to, 'cpuPer1000')),
          cpuBest: best(column(row, 'cpuPer1000'), column(to, 'cpuPer1000')),
        })),
      lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
      latenessP99: spread(rounds.map(({ latenessP99 }) => latenessP99)),
      loadShare: spread(rounds.map(({ loadShare }) => loadShare)),
      rowShare: spread(rounds.map(({ rowShare }) => rowShare)),
      upstreamShare: spread(rounds.map(({ upstreamShare }) => upstreamShare)),
    }
  })
}

type Column = readonly (number | undefined)[]

/** A round in which the control added nothing that could be measured has no ratio. */
function ratio(some: Column, others: Column): Spread | undefined {
  return spread(paired(some, others, (one, other) => (other > 0 && one > 0 ? one / other : Number.NaN)))
}

function best(some: Column, others: Column): number | undefined {
  const [one, other] = [spread(some), spread(others)]
  return one === undefined || other === undefined ? undefined : one.least / other.least
}

export function standingFigures(all: readonly Measured[]): Record<string, unknown>[] {
  return all
    .filter(({ standing }) => standing.length > 0)
    .map(({ row, standing }) => ({
      row,
      calls: standing[0]?.calls,
      kibPerCall: spread(standing.map(({ kibPerCall }) => kibPerCall)),
      upgradeP50: spread(standing.map(({ upgradeP50 }) => upgradeP50)),
      upgradeP99: spread(standing.map(({ upgradeP99 }) => upgradeP99)),
      firstFrameP50: spread(standing.map(({ firstFrameP50 }) => firstFrameP50)),
      firstFrameP99: spread(standing.map(({ firstFrameP99 }) => firstFrameP99)),
    }))
}

export function rendered({ machine, speaking, standing }: Report): string {
  const speakingRows = speaking.map((one) => [
    String(one.calls),
    one.row,
    shown(one.p50, 2),
    shown(one.p99, 2),
    shown(one.addedP50, 2),
    shown(one.addedP99, 2),
    shown(one.cpuPer1000, 1),
    String(one.lost),
    shown(one.latenessP99, 2),
    shown(one.rowShare, 2),
    shown(one.loadShare, 2),
    shown(one.upstreamShare, 2),
  ])
  const ratioRows = speaking.flatMap((one) =>
    one.ratios.map(({ to, cpu, cpuBest, addedP50, addedP99 }) => [
      String(one.calls),
      `${one.row} / ${to}`,
      wide(cpu),
      cpuBest?.toFixed(2) ?? '–',
      wide(addedP50),
      wide(addedP99),
    ]),
  )
  const standingRows = standing.map((one) => [
    String(one['calls']),
    String(one['row']),
    ...['kibPerCall', 'upgradeP50', 'upgradeP99', 'firstFrameP50', 'firstFrameP99'].map((field) =>
      shown(one[field] as Spread | undefined, 1),
    ),
  ])
  return [
    machine.text,
    'Speaking calls; medians of the rounds, ms. CPU: ms per 1,000 frames forwarded, both ways counted. Row, load, upstream: how much of one core each used.',
    table(
      ['calls', 'row', 'p50', 'p99', '+p50', '+p99', 'CPU', 'lost', 'late p99', 'row', 'load', 'upstream'],
      speakingRows,
    ),
    ...(ratioRows.length === 0
      ? []
      : [
          'Ratios, taken within each round: median (least–most), rounds. CPU best: the cheapest round of each.',
          table(['calls', 'row', 'CPU', 'CPU best', '+p50', '+p99'], ratioRows),
        ]),
    ...(standingRows.length === 0
      ? []
      : [
          'Standing calls: resident KiB for each, and ms from the upgrade to 101 and to the provider’s first frame.',
          table(['calls', 'row', 'KiB', '101 p50', '101 p99', 'first p50', 'first p99'], standingRows),
        ]),
  ].join('\n\n')
}

function shown(value: Spread | undefined, digits: number): string {
  return value === undefined ? '–' : value.median.toFixed(digits)
}

export function wide(value: Spread | undefined): string {
  if (value === undefined) return '–'
  return `${value.median.toFixed(2)} (${value.least.toFixed(2)}–${value.most.toFixed(2)}), ${value.rounds}`
}

/** Numbers to the right, names to the left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  return [head, ...rows]
    .map((row) =>
      row.map((cell, i) => (i === 1 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n')
}
