// Who is told of what a desk's calls have used: the operator, the apps of live calls; and who may not go on comes to an end. Knows no home, no
// host and no budget. Rules L6, L7.
import { budgetNotice } from './budget-notice.ts'
import type { Affected } from './desk-books.ts'
import type { Alert, BudgetAlert } from './desk-budget.ts'
import type { Word } from './ports.ts'

export interface AlertsHost {
  affected(): Affected | Promise<Affected>
  alert(alert: Alert): void
  /** Never rejects. */
  tell(calls: readonly string[], word: Word): Promise<void>
  /** Sees to the end of work that nobody waits for. */
  background(work: Promise<unknown>): void
}

function warns(alert: Alert): alert is BudgetAlert {
  return alert.is === 'budget' && alert.level === 'warning' && !alert.shadow
}

export function stops(alert: Alert): boolean {
  return alert.is === 'suspended' || (alert.level === 'exhausted' && !alert.shadow)
}

export class DeskAlerts {
  readonly #host: AlertsHost

  constructor(host: AlertsHost) {
    this.#host = host
  }

  /** `by`: the call whose word it was. */
  spread(alerts: readonly Alert[], by?: string): void {
    for (const alert of alerts) this.#host.alert(alert)
    const warnings = alerts.filter(warns)
    if (warnings.length > 0) this.#host.background(this.#warn(warnings))
    if (alerts.some(stops)) this.wrapUp(by)
  }

  /** All calls of a tenant that may not talk any more, live and waiting ones, or those that may not by themselves; but the one that is answered so. */
  wrapUp(by?: string): void {
    this.#host.background(this.#wrapUp(by))
  }

  async #warn(warnings: readonly BudgetAlert[]): Promise<void> {
    const { calls } = await this.#host.affected()
    for (const alert of warnings) {
      await this.#host.tell(calls, { is: 'warned', notice: budgetNotice(alert, alert.used, alert.ends) })
    }
  }

  async #wrapUp(by?: string): Promise<void> {
    const { calls, refusal, spent } = await this.#host.affected()
    const others = calls.filter((call) => call !== by)
    if (refusal !== undefined) await this.#host.tell(others, { is: 'wrapUp', refusal })
    await Promise.all(spent.map(({ call, refusal: own }) => this.#host.tell([call], { is: 'wrapUp', refusal: own })))
  }
}
