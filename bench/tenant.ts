// Where a row takes calls, and how a tenant with a key is made at a broker. Refuses to know which row.
import type { Inside } from './inside.ts'
import type { Kept } from './kept.ts'
import type { Door } from './load.ts'

export interface Running {
  readonly door: Door
  /** Processes whose cost is the row's. */
  readonly pids: readonly number[]
  /** How its Node process stands, after a collection; undefined where it is no Node. */
  readonly look?: () => Promise<Inside>
  /** How much its store holds, by kind. */
  readonly kept?: () => Promise<Kept>
  stop(): Promise<void>
}

export const adminKey = 'tla_bench_operator'
const model = 'gpt-realtime-2.1'
export const path = `/v1/realtime?model=${model}`

/** A tenant with a key, made as an operator makes one. */
export async function brokerDoor(wsUrl: string, settings: object = { plan: 'scale' }): Promise<Door> {
  const url = wsUrl.replace('ws', 'http')
  const { id } = await admin<{ id: string }>(`${url}/admin/v1/tenants`, { name: 'bench', ...settings })
  const { key } = await admin<{ key: string }>(`${url}/admin/v1/tenants/${id}/keys`, { name: 'bench' })
  return { url: `${wsUrl}${path}`, protocols: ['realtime', `openai-insecure-api-key.${key}`] }
}

export async function admin<T>(url: string, body: object, method = 'POST'): Promise<T> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
