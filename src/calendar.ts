// Moments as text, without a runtime's calendar: some homes of a desk have none. UTC.

export const dayMs = 86_400_000

/** ISO 8601 with milliseconds, as `toISOString` has it: such texts are in the order of their moments. From 1970 on. */
export function isoOf(now: number): string {
  const { year, month, day } = dateOf(Math.floor(now / dayMs))
  const ms = now % dayMs
  const time = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((part) => digits(part, 2)).join(':')
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T${time}.${digits(ms % 1000, 3)}Z`
}

/** The moment (ms since 1970) of a text as `isoOf` writes it. */
export function msOf(iso: string): number {
  const part = (from: number, to: number): number => Number(iso.slice(from, to))
  const days = daysTo(part(0, 4), part(5, 7)) + part(8, 10) - 1
  return days * dayMs + part(11, 13) * 3_600_000 + part(14, 16) * 60_000 + part(17, 19) * 1000 + part(20, 23)
}

/** When the month after that of this moment begins. */
export function nextMonth(now: number): number {
  const { year, month } = dateOf(Math.floor(now / dayMs))
  return (month === 12 ? daysTo(year + 1, 1) : daysTo(year, month + 1)) * dayMs
}

/** From days since 1970, by years that begin in March. H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
function dateOf(days: number): { year: number; month: number; day: number } {
  const since = days + 719_468
  const era = Math.floor(since / 146_097)
  const dayOfEra = since - era * 146_097
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** Days from 1970 to the first of a month: the inverse of `dateOf`, days_from_civil there. */
function daysTo(year: number, month: number): number {
  const from = month <= 2 ? year - 1 : year
  const era = Math.floor(from / 400)
  const yearOfEra = from - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5)
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

function digits(value: number, width: number): string {
  return `${Math.floor(value)}`.padStart(width, '0')
}
