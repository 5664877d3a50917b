// `trunkline plan check` as a person and as a program runs it: the real process, its two streams, its exit code.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { budgetNames } from '../../src/budget.ts'
import { plans } from '../../src/plan.ts'

const root = join(import.meta.dirname, '..', '..')
const command = join(root, 'cli', 'trunkline.ts')

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'trunkline-plan-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

type Outcome = { readonly code: number | string; readonly stdout: string; readonly stderr: string }

/** Nothing of the machine's environment but the path: CI, FORCE_COLOR and their like say what is coloured. */
const env = { PATH: process.env['PATH'] }

function run(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...env, ...more }, timeout: 20_000 }
    execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}

function file(content: unknown): string {
  const path = join(dir, 'plans.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Every plan as it is shipped, with these changes to each. */
const changed = (change: object): object =>
  Object.fromEntries(Object.entries(plans).map(([name, plan]) => [name, { ...plan, ...change }]))
/** One line without budgets costs less than this a month. */
const sound = changed({ priceUsd: 10_000, lines: 1, budgets: {}, callBudgets: {}, suspendUsdPerHour: null })

const budget = z.enum(budgetNames as [string, ...string[]])
const Lasting = z.strictObject({
  budgets: z.array(z.strictObject({ budget, minutes: z.number().nullable() })),
  first: budget.nullable(),
  firstMinutes: z.number().nullable(),
  fullMinutesPerDay: z.number().max(1_440),
  stops: z.array(budget),
})
const Report = z.strictObject({
  file: z.string(),
  model: z.string(),
  pricesAsOf: z.iso.date(),
  cacheShare: z.number(),
  keeps: z.boolean(),
  assumptions: z.array(
    z.strictObject({
      name: z.string(),
      says: z.string(),
      source: z.string(),
      asOf: z.iso.date(),
      usdPerCallMinute: z.number().positive(),
    }),
  ),
  plans: z.array(
    z.strictObject({
      plan: z.string(),
      priceUsd: z.number(),
      lines: z.number(),
      longestCallMinutes: z.number().nullable(),
      rows: z.array(
        z.strictObject({
          assumption: z.string(),
          oneLine: Lasting,
          allLines: Lasting,
          longestCall: z.strictObject({
            wantedMinutes: z.number(),
            minutes: z.number(),
            endedBy: z.strictObject({ budget, of: z.enum(['tenant', 'call']) }).nullable(),
          }),
          money: z.strictObject({
            usdPerCallMinute: z.number(),
            callMinutesPerMonth: z.number(),
            usdPerMonth: z.number(),
            priceUsdPerCallMinute: z.number().nullable(),
            marginUsdPerCallMinute: z.number().nullable(),
          }),
        }),
      ),
    }),
  ),
  findings: z.array(
    z.strictObject({
      code: z.string().regex(/^[a-z_]+$/),
      plan: z.string(),
      severity: z.enum(['contradiction', 'below_cost', 'never_trips', 'note']),
      says: z.string().regex(/^\S.*\.$/),
    }),
  ),
})

test('[A6] the shipped catalogue is shown in tables of at most 100 columns, its plans are named on stderr, exit code 3', async () => {
  const { code, stdout, stderr } = await run(['plan', 'check'])
  expect(code).toBe(3)
  expect(stderr).toBe(
    'Plans that cannot keep what they promise: trial, starter, growth, scale. How to read this: docs/PLANS.md\n',
  )
  expect(stdout).toMatch(/^starter: 149 USD a month, 50 lines, calls of up to 60 min$/m)
  expect(stdout).toMatch(
    /^ +voice minute +9\.6 min: input tokens\/hour +11\.5 s: input tokens\/hour +20 s +9\.6 of 60 min$/m,
  )
  expect(stdout).toMatch(/^ +burst +none is spent +none is spent +24 h +5 min or more$/m)
  expect(stdout).toMatch(/^contradiction +All 50 lines together can be busy for 20 s/m)
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
})

test('[A6] a file that says the same as the shipped catalogue is judged the same', async () => {
  const [named, shipped] = await Promise.all([
    run(['plan', 'check', 'src/plans.json', '--json']),
    run(['plan', 'check', '--json']),
  ])
  expect(named).toEqual(shipped)
})

test('[A6] --json is one document of a known shape, with the figures of the tables', async () => {
  const { code, stdout, stderr } = await run(['plan', 'check', '--json', '--quiet'])
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  const report = Report.parse(JSON.parse(stdout))
  expect(report).toMatchObject({ file: 'src/plans.json', model: 'gpt-realtime-2.1', cacheShare: 0.9, keeps: false })
  expect(report.plans.map(({ plan }) => plan)).toEqual(['trial', 'starter', 'growth', 'scale'])
  const starter = report.plans[1]?.rows[0]
  expect(starter?.allLines).toMatchObject({ first: 'inputTokensPerHour', fullMinutesPerDay: 0.333333 })
  expect(report.findings).toContainEqual(expect.objectContaining({ plan: 'starter', code: 'lines_never_full' }))
})

test('[A6] a catalogue whose plans keep what they promise is exit code 0', async () => {
  const { code, stdout, stderr } = await run(['plan', 'check', file(sound)])
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `Every plan of ${join(dir, 'plans.json')} can keep what it promises.\n`,
  })
  expect(stdout).toMatch(/spent first: one line +its one line/)
})

async function cost(...args: string[]): Promise<number | undefined> {
  const { stdout } = await run(['plan', 'check', '--json', ...args])
  return Report.parse(JSON.parse(stdout)).assumptions[0]?.usdPerCallMinute
}

test('[A6] the model and the share of the cache change what a minute costs', async () => {
  const [usual, mini, uncached] = await Promise.all([
    cost(),
    cost('--model', 'gpt-realtime-2.1-mini'),
    cost('--cache-share', '0'),
  ])
  expect(mini).toBeLessThan((usual ?? 0) / 2)
  // Read again: 595.5 text × 4 + 429.5 audio × 32 four times, instead of 0.9 × 0.4 and a tenth of that
  expect(uncached).toBeCloseTo(0.0728 + (4 * ((500 + 1_050 / 11) * 4 + (4_725 / 11) * 32)) / 1e6, 6)
})

test('[A6] each field of a catalogue that is wrong is named, with what would be right, exit code 2', async () => {
  const { growth, ...others } = sound as Record<string, object>
  const trial = {
    ...others['trial'],
    priceUsd: 'free',
    lines: -1,
    threshold: undefined,
    treshold: 0.7,
    suspendUsdPerHour: 0,
  }
  const starter = { ...others['starter'], suspendUsdPerHour: undefined, budgets: { tokensPerWeek: 1 } }
  const scale = { ...others['scale'], budgets: { tokensPerDay: 1.5 } }
  const { code, stdout, stderr } = await run([
    'plan',
    'check',
    file({ ...others, trial, starter, scale, gold: growth }),
  ])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  const lines = stderr.split('\n')
  expect(lines[0]).toBe(`${join(dir, 'plans.json')} is no catalogue of plans:`)
  expect(lines.slice(1, -1)).toEqual([
    '  trial.priceUsd is "free": expected number.',
    '  trial.lines is -1: expected number to be >=0.',
    '  trial.suspendUsdPerHour is 0, which is no whole number from 1 to 1,000,000 (null: never).',
    '  trial.threshold is missing: expected number.',
    expect.stringMatching(/^ {2}trial: there is no "treshold"\. There are: priceUsd, .*, threshold, /),
    expect.stringMatching(/^ {2}starter\.budgets: there is no "tokensPerWeek"\. There are: tokensPerHour, /),
    '  starter.suspendUsdPerHour is missing: expected a whole number from 1 to 1,000,000 (null: never).',
    '  growth is missing: expected object.',
    '  scale.budgets.tokensPerDay is 1.5, which is no whole number.',
    '  there is no "gold". There are: trial, starter, growth, scale.',
  ])
})

test.each([
  { what: 'no JSON', content: '{ "trial": ', says: /is not JSON: / },
  { what: 'a number', content: '5', says: /It is 5: expected object\.$/m },
  {
    what: 'a long text for a plan',
    content: { ...sound, trial: 'x'.repeat(99) },
    says: /trial is "x{59} …: expected object/,
  },
  { what: 'half a line', content: changed({ lines: 0.5 }), says: /trial\.lines is 0\.5: expected whole number\./ },
])('[A6] a file of $what is refused with a sentence and exit code 2', async ({ content, says }) => {
  const { code, stdout, stderr } = await run(['plan', 'check', file(content)])
  expect(stderr).toMatch(says)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test.each([
  {
    args: ['plan', 'check', 'none.json'],
    says: /^none\.json: there is no such file\. Give a JSON file of the plans trial, /,
  },
  { args: ['plan', 'check', 'src'], says: /^src: it cannot be read \(EISDIR\)/ },
  { args: ['plan', 'check', '--jsn'], says: /unknown option '--jsn'\n\(Did you mean --json\?\)\nRun with --help/ },
  { args: ['plan', 'chek'], says: /unknown command 'chek'\n\(Did you mean check\?\)/ },
  { args: ['plna'], says: /unknown command 'plna'\n\(Did you mean plan\?\)/ },
  { args: ['plan', 'check', 'a', 'b'], says: /too many arguments/ },
  { args: ['plan', 'check', '--model', 'gpt-5'], says: /'gpt-5' is invalid\. Allowed choices are .*gpt-realtime-2\.1/ },
  { args: ['plan', 'check', '--cache-share', '90'], says: /'90' is invalid\. Give a number from 0 to 1, such as 0\.9/ },
  { args: ['plan', 'check', '--cache-share', ''], says: /Give a number from 0 to 1/ },
  { args: ['plan'], says: /Usage: trunkline plan/ },
  { args: [], says: /Usage: trunkline / },
])('[CLI] trunkline $args is answered on stderr, exit code 2', async ({ args, says }) => {
  const { code, stdout, stderr } = await run(args)
  expect(stderr).toMatch(says)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test('[CLI] help is on stdout and exits 0', async () => {
  const [all, check] = await Promise.all([run(['--help']), run(['plan', 'check', '--help'])])
  expect(all).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('plans: what tenants may use') })
  expect(check).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--cache-share <share>') })
})

test('[CLI] colours are for terminals, and not where NO_COLOR is set', async () => {
  // The pipe says that it is a terminal, and knows colours as terminals do.
  const terminal =
    "data:text/javascript,import tty from 'node:tty';process.stdout.isTTY=true;process.stdout.getColorDepth=tty.WriteStream.prototype.getColorDepth"
  const shown = { NODE_OPTIONS: `--import "${terminal}"`, TERM: 'xterm-256color' }
  const [coloured, plain, piped] = await Promise.all([
    run(['plan', 'check'], shown),
    run(['plan', 'check'], { ...shown, NO_COLOR: '1' }),
    run(['plan', 'check']),
  ])
  const escape = '\u001B['
  expect(coloured.stdout).toContain(`${escape}31mcontradiction${escape}39m`)
  expect(piped.stdout).not.toContain(escape)
  expect(plain.stdout).toBe(piped.stdout)
})

test('[CLI] a reader that goes away before anything is written ends nothing in a stack trace', async () => {
  const child = spawn(process.execPath, [command, 'plan', 'check', '--json'], { cwd: root, env })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (piece) => (stderr += String(piece)))
  const [code] = (await once(child, 'close')) as [number | null]
  const { stdout: _, ...heard } = await run(['plan', 'check', '--json'])
  expect({ code, stderr }).toEqual(heard)
})

test('[A6] docs/PLANS.md names every finding that can be said, and shows what the command says now', async () => {
  const text = readFileSync(join(root, 'docs', 'PLANS.md'), 'utf8')
  const { stdout } = await run(['plan', 'check'])
  expect(text).toContain(stdout)
  const sources = ['promises', 'idle-budgets', 'plan-notes', 'plan-findings'].map((name) =>
    readFileSync(join(root, 'src', 'capacity', `${name}.ts`), 'utf8'),
  )
  const codes = new Set([...sources.join('\n').matchAll(/code: '(\w+)'/g)].map(([, code = '']) => code))
  expect(codes.size).toBeGreaterThan(10)
  for (const code of codes) expect(text).toContain(`\`${code}\``)
})
