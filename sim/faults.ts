// The faults that can be switched on, as data: `kind,name=value,...` in text, or the same as an object.

import { z } from 'zod'

/** When a fault strikes: after so many events, bytes or milliseconds from its arming. Nothing given: at once. */
const trigger = {
  events: z.coerce.number().int().min(0).optional(),
  bytes: z.coerce.number().int().min(0).optional(),
  ms: z.coerce.number().int().min(0).optional(),
  /** How many connections it befalls; then it is spent. */
  times: z.coerce.number().int().min(1).optional(),
}

function closeable(code: number): boolean {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
}

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hang'), ...trigger }),
  z.strictObject({
    kind: z.literal('refuse'),
    status: z.coerce.number().int().min(400).max(599).default(503),
    body: z.string().optional(),
    retryAfter: z.coerce.number().min(0).optional(),
    ...trigger,
  }),
  z.strictObject({ kind: z.literal('reject'), code: z.string().default('rate_limit_exceeded'), ...trigger }),
  z.strictObject({ kind: z.literal('drop'), ...trigger }),
  z.strictObject({ kind: z.literal('freeze'), ...trigger }),
  z.strictObject({ kind: z.literal('slow'), bytesPerSecond: z.coerce.number().min(1).default(1_000), ...trigger }),
  z.strictObject({
    kind: z.literal('close'),
    code: z.coerce.number().int().refine(closeable, 'must be a close code that may be sent').default(1011),
    reason: z.string().max(123).default(''),
    ...trigger,
  }),
  z.strictObject({ kind: z.literal('late'), ...trigger }),
  z.strictObject({ kind: z.literal('mute'), ...trigger }),
  z.strictObject({ kind: z.literal('endless'), ...trigger }),
  z.strictObject({
    kind: z.literal('fail'),
    code: z.string().default('rate_limit_exceeded'),
    /** The wait that a rate limit's text names. */
    wait: z.coerce.number().min(1).default(1_000),
    responses: z.coerce.number().int().min(1).optional(),
    ...trigger,
  }),
  z.strictObject({ kind: z.literal('deaf'), ...trigger }),
  z.strictObject({ kind: z.literal('ignore-close'), ...trigger }),
  z.strictObject({ kind: z.literal('unknown-events'), ...trigger }),
  z.strictObject({ kind: z.literal('huge'), size: z.coerce.number().int().min(1).default(2_000_000), ...trigger }),
  z.strictObject({ kind: z.literal('binary'), ...trigger }),
  z.strictObject({ kind: z.literal('malformed'), ...trigger }),
])

export type Fault = z.infer<typeof fault>
export type FaultKind = Fault['kind']

export const FAULT_KINDS: readonly FaultKind[] = fault.options.map((option) => option.shape.kind.value)

/** Faults of coming in: they pass by the sessions that are in already. */
export function atDoor(given: Fault): boolean {
  return ['hang', 'refuse', 'reject', 'late', 'mute'].includes(given.kind)
}

function fieldsOf(text: string): Record<string, string> {
  const [kind = '', ...rest] = text.split(',')
  const fields: Record<string, string> = { kind: kind.trim() }
  for (const pair of rest) {
    const at = pair.indexOf('=')
    fields[pair.slice(0, at === -1 ? undefined : at).trim()] = at === -1 ? '' : pair.slice(at + 1).trim()
  }
  return fields
}

export class BadFault extends Error {}

/** Reads a fault, or throws a BadFault that says what would be right. */
export function faultFrom(given: unknown): Fault {
  const result = fault.safeParse(typeof given === 'string' ? fieldsOf(given) : given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.path[0] === 'kind') throw new BadFault(`No such fault. There are: ${FAULT_KINDS.join(', ')}.`)
  throw new BadFault(`Not a fault: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim())
}
