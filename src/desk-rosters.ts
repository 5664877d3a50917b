// A desk's rosters by their names, and its gate built from them. Knows no decision.
import type { Desk, Lines } from './gate.ts'
import { linesOf, type Key, type Tenant } from './plan.ts'
import { SqlRoster } from './roster-sql.ts'
import type { Sql } from './sql.ts'

export class DeskRosters {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  get(name: string): SqlRoster {
    return new SqlRoster(this.#sql, name)
  }

  /** The gate as a call with this key and agent meets it: the tenant's lines, then those that have a cap of their own (G8). */
  gate(tenant: Tenant, key: Key | undefined, agent: string | null, quotas: Desk['quotas']): Desk {
    const lines: [Lines, ...Lines[]] = [{ of: 'tenant', leases: this.get('leases'), cap: linesOf(tenant) }]
    if (key !== undefined && key.lines !== null)
      lines.push({ of: 'key', leases: this.get(`leases:${key.id}`), cap: key.lines })
    const agentCap = agent !== null && Object.hasOwn(tenant.caps.agents, agent) ? tenant.caps.agents[agent] : undefined
    if (agentCap !== undefined) lines.push({ of: 'agent', leases: this.get(`leases:agent:${agent}`), cap: agentCap })
    const [queue, tickets] = [this.get('queue'), this.get('tickets')]
    return { lines, quotas, queue, tickets, places: this.get('places'), memory: this.get('memory') }
  }
}
