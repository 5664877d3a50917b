// What is set of a webhook endpoint, as checked data; whether its URL may be told is judged where it is set (webhook-target.ts). Rule A5.
import * as z from 'zod'
import { eventTypes } from './webhook-events.ts'

const url = z.string('is no URL').min(1, 'is empty: give a URL that begins with https://')
/** null: all, also those that come with a later version. */
const events = z
  .array(z.enum(eventTypes, `is no event: there are ${eventTypes.join(', ')}`))
  .min(1, 'is empty: name an event, or give null for all')
  .max(eventTypes.length)
  .nullable()

export const HookSettings = z.strictObject({ url, events: events.default(null), enabled: z.boolean().default(true) })
export type HookSettings = z.infer<typeof HookSettings>

export const HookChange = z.strictObject({
  url: url.optional(),
  events: events.optional(),
  enabled: z.boolean().optional(),
})
export type HookChange = z.infer<typeof HookChange>
