// What tenants are told of by webhooks, and the fields of each: one shape in every home, whatever it has for nothing. Knows no hook. Rule A5.

const budget = ['tenant', 'window', 'of', 'used', 'limit', 'share', 'resets_at', 'shadow'] as const

const fields = {
  'budget.warning': budget,
  'budget.exhausted': budget,
  'tenant.suspended': ['tenant', 'reason', 'usd_per_hour'],
  'tenant.resumed': ['tenant', 'reason'],
  'call.ended': [
    'tenant',
    'call',
    'key',
    'agent',
    'model',
    'outcome_by',
    'outcome_why',
    'waited_ms',
    'live_ms',
    'tokens',
    'micro_usd',
  ],
  'webhook.test': ['tenant', 'webhook'],
} as const satisfies Record<string, readonly string[]>

export type MessageType = keyof typeof fields
export type EventType = Exclude<MessageType, 'webhook.test'>

/** What a hook may ask for, in the order of the docs. */
export const eventTypes = Object.keys(fields).filter((type) => type !== 'webhook.test') as [EventType, ...EventType[]]

export type Value = string | number | boolean | null

/** A message as it is put away; `data` is flat. */
export interface Message {
  /** Letters, digits, `_`, `-` and `:`. */
  id: string
  type: MessageType
  /** When what it tells of was so (ms since 1970). */
  at: number
  data: Readonly<Record<string, Value>>
}

/** So many characters of a text are told: 11 fields of them, each as `\u0000`, stay under 20 kB (Standard Webhooks, payload size). */
const textCharacters = 200

/** The body that is sent. A field of its type that the home did not keep is null; one that its type has not comes after them. */
export function bodyOf({ type, at, data }: Message, isoOf: (at: number) => string): string {
  const names = new Set<string>([...fields[type], ...Object.keys(data).toSorted()])
  const told = Array.from(names, (name) => [name, short(data[name] ?? null)] as const)
  return JSON.stringify({ type, timestamp: isoOf(at), data: Object.fromEntries(told) })
}

function short(value: Value): Value {
  return typeof value === 'string' ? value.slice(0, textCharacters) : value
}
