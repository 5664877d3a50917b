// The gate and the ledger once more, as plainly as can be: lists that are filtered. Shares no line with src/.
import {
  accounts,
  calls,
  windows,
  type CallId,
  type Capped,
  type Command,
  type Subject,
  type Tenant,
} from './commands.ts'

interface Lease {
  tenant: Tenant
  call: CallId
  until: number
}

interface Posting {
  window: string
  account: string
  amount: number
}

export class NaiveBroker implements Subject {
  now = 1_000
  leases: Lease[] = []
  postings: Posting[] = []
  reports: string[] = []
  caps: { tenant: Tenant; of: Capped; cap: number }[] = []

  take(command: Command): unknown {
    switch (command.do) {
      case 'admit':
        return this.admit(command.tenant, command.call, command.ttlMs)
      case 'renew':
        this.seat(command.tenant, command.call, command.ttlMs)
        return this.sizes(command.tenant, command.call)
      case 'release':
        this.leases = this.leases.filter(({ tenant, call }) => tenant !== command.tenant || call !== command.call)
        return this.sizes(command.tenant, command.call)
      case 'live':
        return this.live(command.tenant).length
      case 'pass':
        this.now += command.ms
        return this.now
      case 'cap':
        this.caps.push(command)
        return undefined
      case 'debit':
        if (this.reports.includes(`${command.call}/${command.report}`)) return false
        this.reports.push(`${command.call}/${command.report}`)
        this.post(command.amounts, command.windows)
        return true
      default:
        return this.post(command.amounts, command.windows)
    }
  }

  state(): unknown {
    const books = windows.map((window) =>
      Object.fromEntries(accounts.map((account) => [account, this.balance(window, account)])),
    )
    const total = this.postings.reduce((sum, { amount }) => sum + amount, 0)
    return { live: [this.live('t1').length, this.live('t2').length], books, total }
  }

  admit(tenant: Tenant, call: CallId, ttlMs: number): unknown {
    const held = this.live(tenant).some((lease) => lease.call === call)
    const sizes = this.sizes(tenant, call)
    const full = this.scopes(call).find(({ capped }, i) => (sizes[i] ?? 0) + 1 > this.cap(tenant, capped))
    if (!held && full !== undefined) return { verdict: { is: 'full', of: full.of }, after: sizes }
    this.seat(tenant, call, ttlMs)
    return { verdict: { is: 'granted' }, after: this.sizes(tenant, call) }
  }

  seat(tenant: Tenant, call: CallId, ttlMs: number): void {
    const others = this.leases.filter((lease) => lease.tenant !== tenant || lease.call !== call)
    this.leases = [...others, { tenant, call, until: this.now + ttlMs }]
  }

  live(tenant: Tenant): Lease[] {
    return this.leases.filter((lease) => lease.tenant === tenant && lease.until > this.now)
  }

  sizes(tenant: Tenant, call: CallId): number[] {
    return this.scopes(call).map(({ of, capped }) => {
      if (of === 'tenant') return this.live(tenant).length
      return this.live(tenant).filter((lease) => calls[lease.call][of] === capped).length
    })
  }

  scopes(call: CallId): { of: 'tenant' | 'key' | 'agent'; capped: Capped }[] {
    const { key, agent } = calls[call]
    const tenants = { of: 'tenant' as const, capped: 'tenant' as const }
    const keys = key === 'plain' ? [] : [{ of: 'key' as const, capped: key }]
    const agents = agent === 'plain' ? [] : [{ of: 'agent' as const, capped: agent }]
    return [tenants, ...keys, ...agents]
  }

  cap(tenant: Tenant, capped: Capped): number {
    return this.caps.findLast((cap) => cap.tenant === tenant && cap.of === capped)?.cap ?? 2
  }

  post(amounts: Record<string, number>, to: readonly string[]): void {
    for (const window of to)
      for (const [account, amount] of Object.entries(amounts)) this.postings.push({ window, account, amount })
  }

  balance(window: string, account: string): number {
    return this.postings
      .filter((posting) => posting.window === window && posting.account === account)
      .reduce((sum, { amount }) => sum + amount, 0)
  }
}
