// How long a run of the faults is: short in CI, long by `TRUNKLINE_FAULTS=long npx vitest run --project faults`.
import { appendFileSync } from 'node:fs'

const named = process.env['TRUNKLINE_FAULTS'] ?? 'short'
if (named !== 'short' && named !== 'long')
  throw new Error(`TRUNKLINE_FAULTS is ${JSON.stringify(named)}: give short or long.`)

export const isLong: boolean = named === 'long'
/** How often each fault comes. */
export const rounds: number = isLong ? 5 : 1

/** A figure of docs/GUARANTEES.md, as it was this time. */
export function measured(what: string, figures: Readonly<Record<string, number | string>>): void {
  const line = `${JSON.stringify({ fault: what, form: named, ...figures })}\n`
  process.stdout.write(line)
  const file = process.env['TRUNKLINE_FAULTS_LOG']
  if (file !== undefined) appendFileSync(file, line)
}
