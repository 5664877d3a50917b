// What `trunkline plan check` shows to people, at most 100 columns wide. Text only; refuses to know how it is shown.
import { bounded, type BudgetName } from '../src/budget.ts'
import { minutesText, numberText, usdText } from '../src/capacity/figures.ts'
import type { Check } from '../src/capacity/plan-check.ts'
import type { Finding, Severity } from '../src/capacity/plan-findings.ts'
import type { Lasting, PlanRows, Row } from '../src/capacity/plan-rows.ts'
import type { Style } from './terminal.ts'

export type Report = Check & { file: string; model: string; pricesAsOf: string; cacheShare: number }
type Paint = (style: Style, text: string) => string

const width = 100
const severities: Readonly<Record<Severity, { name: string; style: Style }>> = {
  contradiction: { name: 'contradiction', style: 'red' },
  below_cost: { name: 'below cost', style: 'red' },
  never_trips: { name: 'never trips', style: 'yellow' },
  note: { name: 'note', style: 'dim' },
}

export function planTable(report: Report, paint: Paint): string {
  const { file, model, pricesAsOf, cacheShare, assumptions, plans, findings } = report
  const uses = assumptions.map(({ name, says, usdPerCallMinute }) => [name, usdText(usdPerCallMinute), says])
  const head = [
    ...wrapped(`Plans of ${file}, at the prices of ${model} of ${pricesAsOf}.`, 0),
    '',
    ...columns([['assumed use', 'costs a minute', ''], ...uses], paint),
    '',
    ...wrapped(
      `A provider charges less for what a call reads again and is cached: ${numberText(cacheShare * 100)} % is assumed to be. A month has 31 days. ` +
        'Lines are busy from the start of an hour and a day; when a budget is spent, they are silent until its hour or day ends.',
      0,
    ),
  ]
  const blocks = plans.map((plan) =>
    block(
      plan,
      findings.filter((finding) => finding.plan === plan.plan),
      paint,
    ),
  )
  return [head, ...blocks].map((lines) => lines.join('\n')).join('\n\n')
}

/** The last word. */
export function verdict({ file, keeps, findings }: Report): string {
  const broken = findings.filter(({ severity }) => severity === 'contradiction' || severity === 'below_cost')
  if (keeps) return `Every plan of ${file} can keep what it promises.`
  const plans = [...new Set(broken.map(({ plan }) => plan))].join(', ')
  return `Plans that cannot keep what they promise: ${plans}. How to read this: docs/PLANS.md`
}

function block(
  { plan, priceUsd, lines, longestCallMinutes, rows }: PlanRows,
  findings: Finding[],
  paint: Paint,
): string[] {
  const calls =
    longestCallMinutes === null ? 'calls of any length' : `calls of up to ${minutesText(longestCallMinutes)}`
  const all = lines === 1 ? 'its one line' : `all ${numberText(lines)} lines`
  const time = [
    ['use', 'spent first: one line', all, 'full a day', 'longest call'],
    ...rows.map(({ assumption, oneLine, allLines, longestCall }) => [
      assumption,
      spentText(oneLine),
      spentText(allLines),
      minutesText(allLines.fullMinutesPerDay),
      callText(longestCall, longestCallMinutes === null),
    ]),
  ]
  const money = [
    ['', 'call-minutes a month', 'which cost', 'costs a minute', 'price a minute', 'left a minute'],
    ...rows.map(({ assumption, money: m }) => [
      assumption,
      numberText(m.callMinutesPerMonth),
      usdText(m.usdPerMonth),
      m.callMinutesPerMonth === 0 ? '–' : usdText(m.usdPerMonth / m.callMinutesPerMonth),
      m.priceUsdPerCallMinute === null ? '–' : usdText(m.priceUsdPerCallMinute),
      m.marginUsdPerCallMinute === null ? '–' : usdText(m.marginUsdPerCallMinute),
    ]),
  ]
  return [
    `${paint('bold', plan)}: ${usdText(priceUsd)} a month, ${numberText(lines)} lines, ${calls}`,
    '',
    ...columns(time, paint),
    '',
    ...columns(money, paint),
    ...(findings.length > 0 ? [''] : []),
    ...findings.flatMap((finding) => findingLines(finding, paint)),
  ]
}

/** `11.5 s: input tokens/hour`. */
function spentText({ first, firstMinutes }: Lasting): string {
  return first === null || firstMinutes === null
    ? 'none is spent'
    : `${minutesText(firstMinutes)}: ${budgetText(first)}`
}

function budgetText(budget: BudgetName): string {
  const [what, window = ''] = budget.split('Per')
  return `${bounded.find((one) => one.what === what)?.name}/${window.toLowerCase()}`
}

function callText({ minutes, wantedMinutes, endedBy }: Row['longestCall'], boundless: boolean): string {
  const wanted = minutesText(wantedMinutes)
  return endedBy === null
    ? `${wanted}${boundless ? ' or more' : ''}`
    : `${minutesText(minutes).replace(/ min$/, wanted.endsWith(' min') ? '' : ' min')} of ${wanted}`
}

function findingLines({ severity, says }: Finding, paint: Paint): string[] {
  const { name, style } = severities[severity]
  const indent = 15
  const [first = '', ...more] = wrapped(says, indent)
  return [`${paint(style, name)}${first.slice(name.length)}`, ...more]
}

/** Text columns to the left, the first row as heads. */
function columns([head = [], ...rows]: readonly (readonly string[])[], paint: Paint): string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  return [paint('dim', line(head)), ...rows.map(line)]
}

function wrapped(text: string, indent: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(' '.repeat(indent) + word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
