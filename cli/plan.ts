// `trunkline plan …`: the verbs about plans. Reads what is asked, prints what src/capacity/ says of it.
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { assumedCacheShare, assumptions, type Rates } from '../src/capacity/assumption.ts'
import { checkPlans } from '../src/capacity/plan-check.ts'
import { pricesAsOf } from '../src/price-table.ts'
import prices from '../src/prices.json' with { type: 'json' }
import { readCatalogue } from './catalogue.ts'
import { planTable, verdict } from './plan-table.ts'
import { exitCodes, type Terminal } from './terminal.ts'

const shippedFile = fileURLToPath(new URL('../src/plans.json', import.meta.url))
/** The first that src/upstreams.json serves. */
const defaultModel = 'gpt-realtime-2.1'
/** Those that speak. */
const rates = new Map(
  Object.entries(prices.models as Record<string, Partial<Rates>>).flatMap(([model, { text, audio }]) =>
    text !== undefined && audio !== undefined && model.includes('realtime') ? [[model, { text, audio }] as const] : [],
  ),
)

interface Flags {
  model: string
  cacheShare: number
  json: boolean
  quiet: boolean
}

export function planVerbs(terminal: Terminal): Command {
  const plan = new Command('plan').description('plans: what tenants may use, and what they pay')
  plan
    .command('check')
    .description('Says which budget of each plan is spent first and when, and whether the plan can keep its promises.')
    .argument('[file]', 'a catalogue of plans; without it, the one that is shipped (src/plans.json)')
    .addOption(new Option('--model <name>', 'whose prices are used').choices([...rates.keys()]).default(defaultModel))
    .option(
      '--cache-share <share>',
      'how much of what a call reads again the provider has cached, from 0 to 1',
      toShare,
      assumedCacheShare,
    )
    .option('--json', 'print one JSON document instead of tables', false)
    .option('--quiet', 'say nothing on stderr but what is wrong with the usage', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 every plan can keep its promises, 2 wrong usage or no catalogue, 3 one cannot.',
    )
    .action(async (file: string | undefined, flags: Flags) => check(terminal, file ?? shippedFile, flags))
  return plan
}

async function check(terminal: Terminal, file: string, { model, cacheShare, json, quiet }: Flags): Promise<void> {
  const plans = await readCatalogue(file)
  const found = checkPlans(plans, { assumptions, cacheShare, rates: rates.get(model) as Rates })
  const path = relative('', file)
  const report = { file: path.startsWith('..') ? file : path, model, pricesAsOf, cacheShare, ...found }
  terminal.data(json ? JSON.stringify(report, rounded, 2) : planTable(report, terminal.paint))
  if (!quiet) terminal.talk(verdict(report))
  if (!found.keeps) terminal.exit(exitCodes.notMet)
}

/** Nobody needs more decimals; and what is 20 s should not be 19.999999999999996. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(6)) : value
}

function toShare(text: string): number {
  const share = Number(text)
  if (text.trim() !== '' && share >= 0 && share <= 1) return share
  throw new InvalidArgumentError('Give a number from 0 to 1, such as 0.9.')
}
