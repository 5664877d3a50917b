// The windows that a moment falls in as the runtime's calendar has them, by the names that the ledger gives them. Knows no code of ours.

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone)
  if (known !== undefined) return known
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
    ...digits,
  })
  formats.set(timezone, made)
  return made
}

/** The hour, the day, the month. */
export function intlWindows(timezone: string, now: number): [string, string, string] {
  const parts = formatOf(timezone).formatToParts(now)
  const shown = Object.fromEntries(parts.map(({ type, value }) => [type, value]))
  const { year, month, day, hour, timeZoneName = '' } = shown
  const offset = timeZoneName.slice('GMT'.length) || '+00:00'
  return [`hour:${year}-${month}-${day}T${hour}${offset}`, `day:${year}-${month}-${day}`, `month:${year}-${month}`]
}
