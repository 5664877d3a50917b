// What a tenant sets of the wait of its callers, as validated data. Knows no store. Rules H4, H6.
import * as z from 'zod'
import { lineCharacters } from './limits.ts'
import { lineNames } from './lines.ts'
import { formats } from './sound.ts'

/**
 * A caller that finds no line: `hold` lets it wait, `event` tells it in an error event and closes, `upgrade` refuses it with HTTP 429
 * before there is a socket. Stock clients cannot read the last; it is for those that can.
 */
export const Overflow = z.enum(['hold', 'event', 'upgrade'])
export type Overflow = z.infer<typeof Overflow>

/** As in BCP 47: `en`, `de-AT`. */
const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/, 'is no language, such as "en" or "de-AT"')

const OwnLine = z.strictObject({
  /** What a text session reads, and the transcript of the sound. */
  text: z
    .string()
    .trim()
    .min(1)
    .max(lineCharacters)
    .regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'has a control character'),
  /** An uploaded sound; null leaves the sound to our line, and this text to text sessions. */
  audio: z
    .string()
    .regex(/^aud_[\w-]{1,60}$/, 'is no id of an upload ("aud_…")')
    .nullable()
    .default(null),
})

export const HoldSettings = z.strictObject({
  language: language.default('en'),
  lines: z.partialRecord(z.enum(lineNames), z.record(language, OwnLine)).default({}),
  /** How often a caller hears the first line again; 0 is once. */
  repeatSeconds: z
    .int()
    .refine((seconds) => seconds === 0 || (seconds >= 15 && seconds <= 600), 'is 0, or 15 to 600')
    .default(60),
  /** The longest wait; null is the plan's, which may not be exceeded. With 0 nobody waits: the apology comes at once. */
  patienceSeconds: z.int().min(0).max(3_600).nullable().default(null),
  /** What a caller hears in that has not said: clients that wait for `session.created` before they configure. */
  format: z.enum(formats).default('audio/pcm'),
})
export type HoldSettings = z.infer<typeof HoldSettings>
