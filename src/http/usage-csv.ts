// A page of what was used as CSV (RFC 4180): a row for each result. Knows no route and no store.
import { isoOf } from '../calendar.ts'
import { accounts } from '../desk-ledger.ts'
import { groupings, type UsagePage } from '../usage-page.ts'

const columns = ['start_time', 'end_time', ...groupings, ...accounts]

/** Times are ISO 8601, UTC. */
export function usageCsv({ data }: UsagePage): string {
  const rows = data.flatMap(({ start_time, end_time, results }) =>
    results.map((result) => [
      isoOf(start_time * 1000),
      isoOf(end_time * 1000),
      ...groupings.map((grouping) => result[grouping] ?? ''),
      ...accounts.map((account) => result[account]),
    ]),
  )
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** Spreadsheets execute what begins so, also behind blanks and in full width. An apostrophe makes it text (OWASP, "CSV Injection"). */
const executed = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u
/** What no spreadsheet takes for a separator, whatever it was set to. */
const plain = /^'?[\w .:/@+-]*$/

function cell(value: string | number): string {
  if (typeof value === 'number') return `${value}`
  const text = executed.test(value) ? `'${value}` : value
  return plain.test(text) ? text : `"${text.replaceAll('"', '""')}"`
}
