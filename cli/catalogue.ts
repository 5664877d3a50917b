// A catalogue of plans from a file, by the schema of the broker itself: of each field that is wrong, what it is and what would be right.
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { Misuse } from '../broker/given.ts'
import { budgetNames } from '../src/budget.ts'
import { Plan } from '../src/plan-settings.ts'
import { planNames, type PlanName } from '../src/plan.ts'

export type Catalogue = Readonly<Record<PlanName, Plan>>

const Catalogue = z.strictObject(
  Object.fromEntries(planNames.map((name) => [name, Plan])) as Record<PlanName, typeof Plan>,
)
/** Of a value that is wrong, no more is shown. */
const shownCharacters = 60

/** Throws Misuse. */
export async function readCatalogue(file: string): Promise<Catalogue> {
  const told = jsonOf(file, await textOf(file))
  const parsed = Catalogue.safeParse(told)
  if (parsed.success) return parsed.data
  throw new Misuse([
    `${file} is no catalogue of plans:`,
    ...parsed.error.issues.map((issue) => `  ${complaint(issue, told)}`),
  ])
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
    const right = `Give a JSON file of the plans ${planNames.join(', ')}, of the shape of src/plans.json.`
    throw new Misuse([`${file}: ${why}. ${right}`])
  }
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Misuse([`${file} is not JSON: ${(error as Error).message}`])
  }
}

function complaint({ path, message, code, ...rest }: z.core.$ZodIssue, told: unknown): string {
  const where = path.join('.')
  if (code === 'unrecognized_keys') {
    const { keys } = rest as { keys: string[] }
    return `${where === '' ? '' : `${where}: `}there is no ${list(keys)}. There are: ${namesAt(path).join(', ')}.`
  }
  const value = path.reduce<unknown>((outer, name) => (outer as Record<PropertyKey, unknown>)?.[name], told)
  const right = message
    .replace(/^[A-Z][^:]*: /, '')
    .replace(/, received .*/, '')
    .replace('expected int', 'expected whole number')
  if (value === undefined) return `${where} is missing: ${right.replace(/^is no /, 'expected a ')}.`
  return `${where === '' ? 'It' : where} is ${shown(value)}${right.startsWith('is ') ? ', which ' : ': '}${right}.`
}

/** What may stand there. */
function namesAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return planNames
  return path.length === 1 ? Object.keys(Plan.shape) : budgetNames
}

function list(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)} …` : text
}
