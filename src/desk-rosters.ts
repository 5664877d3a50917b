// A desk's rosters by their names, and its gate built from them. Knows no decision.
import type { Desk, Lines, Quota } from './gate.ts'
import { held, type Holding } from './grant.ts'
import { agentCap, linesOf, type Key, type Tenant } from './plan.ts'
import type { Roster } from './roster.ts'

export class DeskRosters {
  readonly #open: (name: string) => Roster

  constructor(open: (name: string) => Roster) {
    this.#open = open
  }

  get(name: string): Roster {
    return this.#open(name)
  }

  /** The gate as a call with this key and agent meets it. */
  gate(tenant: Tenant, key: Key | undefined, agent: string | null, now: number): Desk {
    const [queue, tickets] = [this.get('queue'), this.get('tickets')]
    const quotas = this.#quotas(now)
    const [places, memory] = [this.get('places'), this.get('memory')]
    return { lines: this.lines(tenant, key, agent), quotas, queue, tickets, places, memory }
  }

  /** The tenant's lines, then those of key and agent that have a cap of their own (G8). */
  lines(tenant: Tenant, key: Key | undefined, agent: string | null): Desk['lines'] {
    const lines: [Lines, ...Lines[]] = [{ of: 'tenant', leases: this.get('leases'), cap: linesOf(tenant) }]
    if (key !== undefined && key.lines !== null)
      lines.push({ of: 'key', leases: this.get(`leases:${key.id}`), cap: key.lines })
    const cap = agent === null ? undefined : agentCap(tenant, agent)
    if (cap !== undefined) lines.push({ of: 'agent', leases: this.get(`leases:agent:${agent}`), cap })
    return lines
  }

  /** The pools that its calls draw from, since the first offer on each. */
  pools(): string[] {
    const pools = this.get('pools')
    return pools.first(pools.size())
  }

  /** A pool as the gate sees it, with what may be used of it now. */
  quota(pool: string, now: number): Quota {
    const [tokens, sessions] = [
      held(this.holding(), `${pool}/tokens`, now),
      held(this.holding(), `${pool}/sessions`, now),
    ]
    return { loads: this.get(`loads:${pool}`), wants: this.get(`wants:${pool}`), tokens, sessions }
  }

  holding(): Holding {
    const [amounts, untils] = [this.get('grant:amounts'), this.get('grant:untils')]
    return { amounts, untils, versions: this.get('grant:versions'), asked: this.get('grant:asked') }
  }

  #quotas(now: number): Desk['quotas'] {
    const [first = 'none', ...more] = this.pools()
    return [this.quota(first, now), ...more.map((pool) => this.quota(pool, now))]
  }
}
