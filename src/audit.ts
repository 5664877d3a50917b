// What was done to a tenant, and by whom: entries that are never changed, with what stood before and after. Knows no store. Rule A3.
import { auditCharacters } from './limits.ts'
import type { Key, Tenant } from './plan.ts'

export interface AuditEntry {
  who: 'operator' | 'broker'
  what: `tenant.${'created' | 'changed' | 'suspended' | 'resumed'}` | `key.${'created' | 'changed' | 'ended'}`
  /** The id of the key that it is about. */
  key?: string
  /** The fields that changed, and no others. */
  before?: Fields
  after?: Fields
  /** Why, in figures. */
  figures?: Readonly<Record<string, number>>
}

type Fields = Readonly<Record<string, unknown>>

/** As it is kept. */
export interface Audited extends AuditEntry {
  /** Counted up by one with each entry of a tenant. */
  id: number
  /** ms since 1970. */
  at: number
}

/** undefined where nothing changed. `before`: undefined for a new one. */
export function tenantEntry(before: Tenant | undefined, after: Tenant): AuditEntry | undefined {
  return entryOf('tenant', before && fieldsOf(before), fieldsOf(after))
}

export function keyEntry(before: Key | undefined, after: Key): AuditEntry | undefined {
  const entry = entryOf('key', before && fieldsOf(before), fieldsOf(after))
  if (entry === undefined) return undefined
  const ended = before?.expires_at !== after.expires_at || before.revoked_at !== after.revoked_at
  return { ...entry, key: after.id, ...(before !== undefined && ended && { what: 'key.ended' }) }
}

/** Said of each by itself, or never. */
const unsaid: ReadonlySet<string> = new Set(['id', 'created_at', 'hint'])

function fieldsOf(document: Tenant | Key): Fields {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !unsaid.has(name)))
}

function entryOf(of: 'tenant' | 'key', before: Fields | undefined, after: Fields): AuditEntry | undefined {
  if (before === undefined) return { who: 'operator', what: `${of}.created`, after: shown(after, Object.keys(after)) }
  const names = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  if (names.length === 0) return undefined
  return { who: 'operator', what: `${of}.changed`, before: shown(before, names), after: shown(after, names) }
}

function shown(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, value(name, fields[name] ?? null)]))
}

/** Of what is pinned only the parts are named, for tools have credentials in them; of what is long only how long it is. */
function value(name: string, given: unknown): unknown {
  if (name === 'pinned' && given !== null) return { parts: Object.keys(given as object) }
  const { length } = JSON.stringify(given)
  return length > auditCharacters ? { characters: length } : given
}
