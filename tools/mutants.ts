// Do the tests notice when a rule is wrong? Each comparison, condition and statement of the rules is changed, one at a time, in memory,
// and the rule's own tests are run against it: `node tools/mutants.ts [file …]` fails when they still pass. No file is written.
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import * as fc from 'fast-check'
import { equivalent } from './equivalents.ts'
import { rules } from './mutated.ts'
import { mutantsOf, root, type Mutant } from './mutations.ts'

/** A mutant of which nothing was heard for so many times as long as the tests take, and for so long, runs for ever: noticed. */
const patience = { times: 10, ms: 500 }
/** A new thread loads everything first. */
const coldMs = 60_000
/** Nor may it gather more than this: many times what the tests take. */
const heapMb = 512
/** How a thread of ours knows itself. */
const benchmark = 'trunkline mutants'

// ---- Running tests against one of them, in a thread of its own

/** As much of vitest as the rules' tests use; `expect` is vitest's own. */
const shim = (vitest: string): string => `
export { expect } from ${JSON.stringify(vitest)}
const all = globalThis.trunklineTests
let setups = []
export const beforeAll = (setup) => all.push({ name: 'the start', run: setup })
export const beforeEach = (setup) => setups.push(setup)
export const test = (name, a, b) => {
  const [body, own] = [typeof a === 'function' ? a : b, [...setups]]
  all.push({ name, run: async () => { for (const setup of own) await setup(); await body() } })
}
const spread = (row) => (Array.isArray(row) ? row : [row])
test.each = (table) => (name, run) => table.forEach((row) => test(name + ' ' + JSON.stringify(row), () => run(...spread(row))))
export const describe = (_name, body) => {
  const outer = setups
  setups = [...outer]
  body()
  setups = outer
}
describe.each = (table) => (name, body) => table.forEach((row) => describe(name, () => body(...spread(row))))
`

interface Verdict {
  /** The test that noticed; undefined when none did. */
  by: string | undefined
}

function serve(): void {
  const shared = globalThis as { trunklineTests?: { name: string; run: () => unknown }[] }
  const vitest = import.meta.resolve('vitest')
  let turn = 0
  let mutant: Mutant | undefined
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === 'vitest') return { url: `mutants:vitest?${turn}`, format: 'module', shortCircuit: true }
      const found = next(specifier, context)
      const ours = found.url.startsWith(root.href) && !found.url.includes('/node_modules/')
      return ours ? { ...found, url: `${found.url}?${turn}` } : found
    },
    load: (url, context, next) => {
      if (url.startsWith('mutants:')) return { format: 'module', source: shim(vitest), shortCircuit: true }
      if (mutant === undefined || url !== `${new URL(mutant.file, root).href}?${turn}`) return next(url, context)
      return { format: 'module', source: stripTypeScriptTypes(mutant.source), shortCircuit: true }
    },
  })
  // vitest fails a run in which a promise was rejected that nobody held.
  let stray = false
  process.on('unhandledRejection', () => (stray = true))
  process.on('uncaughtException', () => (stray = true))
  console.info = () => undefined
  fc.configureGlobal({ endOnFailure: true }) // that a test fails is enough: the least stream that makes it fail is not looked for
  parentPort?.on('message', (asked: { file: string; mutant: Mutant | undefined }) => {
    turn++
    stray = false
    mutant = asked.mutant
    shared.trunklineTests = []
    const verdict = async (): Promise<Verdict> => {
      let name = 'the import'
      try {
        for (const path of rules[asked.file] ?? []) await import(new URL(path, root).href)
        for (const test of shared.trunklineTests ?? []) {
          name = test.name
          await test.run()
        }
        await new Promise((resolve) => setImmediate(resolve))
        return { by: stray ? 'a stray error' : undefined }
      } catch {
        return { by: name }
      }
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
    void verdict().then((said) => parentPort?.postMessage(said))
  })
}

/** One thread, that is started anew when a mutant keeps it. */
class Bench {
  #thread = start()

  /** `full`: the thread may be full of what earlier mutants have left, so it is tried once more in a new one. */
  async run(file: string, mutant: Mutant | undefined, patienceMs: number, full = true): Promise<Verdict> {
    const verdict = await this.#once(file, mutant, patienceMs)
    if (verdict.by !== 'the clock' && verdict.by !== 'the heap') return verdict
    await this.#thread.terminate()
    this.#thread = start()
    await this.#once(file, undefined, coldMs) // what the tests import is not loaded in the time of the next
    return verdict.by === 'the heap' && full ? this.run(file, mutant, patienceMs, false) : verdict
  }

  async #once(file: string, mutant: Mutant | undefined, patienceMs: number): Promise<Verdict> {
    const thread = this.#thread
    return new Promise<Verdict>((resolve) => {
      const say = (said: Verdict): void => {
        clearTimeout(late)
        resolve(said)
      }
      const late = setTimeout(() => resolve({ by: 'the clock' }), patienceMs)
      thread.removeAllListeners('message').once('message', say)
      thread.removeAllListeners('error').once('error', () => say({ by: 'the heap' }))
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- as above
      thread.postMessage({ file, mutant })
    })
  }

  async close(): Promise<void> {
    await this.#thread.terminate()
  }
}

function start(): Worker {
  const [execArgv, resourceLimits] = [['--no-warnings'], { maxOldGenerationSizeMb: heapMb }]
  return new Worker(fileURLToPath(import.meta.url), { execArgv, resourceLimits, workerData: benchmark })
}

// ---- The count

export interface Count {
  killed: number
  allowed: number
  survived: string[]
}

/** Every mutant of these files, in two threads. */
export async function check(
  files: string[],
  benches = Math.min(2, availableParallelism()),
): Promise<Record<string, Count>> {
  const counts: Record<string, Count> = Object.fromEntries(
    files.map((file) => [file, { killed: 0, allowed: 0, survived: [] }]),
  )
  const queue = files.flatMap((file) => mutantsOf(file))
  const patienceMs = new Map<string, number>()
  const work = async (bench: Bench): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const { by } = await bench.run(mutant.file, mutant, patienceMs.get(mutant.file) ?? patience.ms)
      const count = counts[mutant.file] as Count
      if (by !== undefined) count.killed++
      else if (Object.hasOwn(equivalent, mutant.change)) count.allowed++
      else count.survived.push(`${mutant.file}:${mutant.line}  ${mutant.change}`)
    }
  }
  const all = Array.from({ length: benches }, () => new Bench())
  for (const file of files) {
    const unchanged = async (bench: Bench): Promise<Verdict> => bench.run(file, undefined, coldMs)
    const by = (await Promise.all(all.map(unchanged))).find((verdict) => verdict.by !== undefined)?.by
    if (by !== undefined) throw new Error(`${file}: its tests fail as it stands, at "${by}"`)
    const began = performance.now() // once more: what the tests import is there now
    await Promise.all(all.slice(0, 1).map(unchanged))
    patienceMs.set(file, Math.max(patience.ms, patience.times * (performance.now() - began)))
  }
  await Promise.all(all.map(work))
  await Promise.all(all.map(async (bench) => bench.close()))
  return counts
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2)
  const counts = await check(asked.length > 0 ? asked : Object.keys(rules))
  for (const [file, { killed, allowed, survived }] of Object.entries(counts)) {
    console.log(`${file}: ${killed} killed, ${allowed} equivalent, ${survived.length} survived`)
    for (const mutant of survived) console.log(`  ${mutant}`)
  }
  const all = Object.values(counts)
  const sum = (pick: (count: Count) => number): number => all.reduce((total, count) => total + pick(count), 0)
  const survived = sum((count) => count.survived.length)
  console.log(
    `mutants: ${sum((count) => count.killed)} killed, ${sum((count) => count.allowed)} equivalent, ${survived} survived`,
  )
  if (survived > 0) process.exitCode = 1
}

if (workerData === benchmark) serve()
else if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
