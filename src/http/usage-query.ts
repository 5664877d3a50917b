// What may be asked of what was used, as checked data: OpenAI's words for usage. Knows no store.
import * as z from 'zod'
import type { UsageAsk } from '../desk-usage.ts'
import { pageKeptMs } from '../limits.ts'
import { groupings, pageStart, type Grouping } from '../usage-page.ts'
import { digits } from './query.ts'

/** `usual` and `most`: buckets of a page. As OpenAI has them. */
const widths = {
  '1h': { of: 'hour', ms: 3_600_000, usual: 24, most: 168, kept: '8 days' },
  '1d': { of: 'day', ms: 86_400_000, usual: 7, most: 31, kept: '35 days' },
} as const

const time = z.string().transform((text, context) => {
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1000
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return new Date(text).getTime()
  const message = 'is no time: give seconds since 1970, or ISO 8601 with its offset, such as "2026-11-21T00:00:00Z"'
  context.addIssue({ code: 'custom', message, input: text })
  return z.NEVER
})

const page = z.string().transform((text, context) => {
  const start = pageStart(text)
  if (start !== undefined) return start
  context.addIssue({ code: 'custom', message: 'is no page: give the "next_page" of an answer', input: text })
  return z.NEVER
})

const Query = z.strictObject({
  bucket_width: z.enum(['1h', '1d'], 'is neither "1h" nor "1d"').default('1d'),
  start_time: time.optional(),
  end_time: time.optional(),
  group_by: z.array(z.enum(groupings, 'is none of "key", "agent", "model"')).default([]),
  limit: z.string().optional(),
  page: page.optional(),
  format: z.enum(['json', 'csv'], 'is neither "json" nor "csv"').optional(),
})

export interface UsageQuery {
  ask: UsageAsk
  by: Grouping[]
  format: 'json' | 'csv' | undefined
}

/** Without a start the last buckets that a page has; without an end up to now. */
export function usageQuery(now: number) {
  return Query.transform(({ bucket_width, start_time, end_time, group_by: by, page, format, ...rest }, context) => {
    const { of, ms, usual, most, kept } = widths[bucket_width]
    const wrong = (at: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [at], message, input: at })
    const limit = digits(1, most).safeParse(rest.limit ?? `${usual}`)
    if (!limit.success) {
      wrong('limit', limit.error.issues[0]?.message ?? '')
      return z.NEVER
    }
    const until = Math.min(end_time ?? now, now)
    const oldest = now - pageKeptMs[of] - ms
    const start = page ?? start_time
    // Two more than are wanted: a day may be longer than others, and the first one half over. The desk takes the last.
    const from = start ?? Math.max(oldest, until - (limit.data + 2) * ms)
    const tooOld = `is older than what is kept: ${of}s are kept for ${kept}`
    if (start_time !== undefined && start_time >= until)
      wrong('start_time', end_time === undefined ? 'is not before now' : 'is not before "end_time", or not before now')
    if (start_time !== undefined && start_time < oldest) wrong('start_time', tooOld)
    if (page !== undefined && page < oldest) wrong('page', tooOld)
    if (page !== undefined && page >= until) wrong('page', 'begins after the time that is asked for')
    if (until <= oldest) wrong('end_time', tooOld)
    const ask = { of, from, until, most: limit.data, last: start === undefined, apart: by.length > 0 }
    return { ask, by, format } satisfies UsageQuery
  })
}
