// What an edit of a tenant's budgets, its clock or its trial would do, in sentences for people. Counts nothing itself. Rules G7, L6.
import { named, type Limit } from './budget.ts'
import { isoOf } from './calendar.ts'
import { amountText, each, limitText } from './capacity/figures.ts'
import type { BudgetReading } from './desk-budget.ts'
import { callLimits, type Tenant } from './plan.ts'
import type { Refusal } from './refusal.ts'
import { trialEndsAt } from './trial.ts'

/** How the tenant's budgets read, and why it may not talk, where it may not. */
export interface BudgetsSeen {
  readings: readonly BudgetReading[]
  refusal: Refusal | undefined
}

/** Before the edit and after it; live calls that would end by it, and waiting callers that would be sent away. */
export interface BudgetsEdit {
  was: BudgetsSeen
  is: BudgetsSeen
  ends: number
  away: number
}

export function budgetNotes(before: Tenant, after: Tenant, edit: BudgetsEdit): string[] {
  return [
    ...limitNotes(edit),
    ...callNotes(before, after, edit),
    ...trialNotes(before, after, edit),
    ...againNotes(edit),
    ...clockNotes(before, after, edit),
    ...shadowNotes(before, after, edit),
  ]
}

function limitNotes({ was, is, ...edit }: BudgetsEdit): string[] {
  const [old, now] = [real(was), real(is)]
  const gone = old.filter((one) => find(now, one) === undefined)
  const set = now.filter((one) => find(old, one)?.amount !== one.amount)
  return [
    ...gone.map((one) => `There would be no budget of ${named(one)} for a ${one.window} any more.`),
    ...set.map((one) => {
      const stops = was.refusal === undefined && is.refusal?.budget !== undefined && same(is.refusal.budget, one)
      return stops ? `${setNote(one, find(old, one))} ${stopNote({ was, is, ...edit })}` : setNote(one, find(old, one))
    }),
  ]
}

function real({ readings }: BudgetsSeen): BudgetReading[] {
  return readings.filter(({ shadow }) => !shadow)
}

function setNote(one: BudgetReading, before: BudgetReading | undefined): string {
  const { account, amount, window } = one
  const [limit, used] = [amountText(account, amount), `${amountText(account, one.used)} are used.`]
  const budget = `The budget of ${limit} for this ${window}`
  if (one.used >= amount) return `${budget} would be spent at once: ${used}`
  if (one.used * 100 >= amount * 80) return `${budget} would be nearly spent, which is told at once: ${used}`
  const then = before === undefined ? 'none' : amountText(account, before.amount)
  return `The budget of ${named(one)} for this ${window} would be ${limit} instead of ${then}: ${used}`
}

/** Who would be stopped, and until when. */
function stopNote({ is, ends, away }: BudgetsEdit): string {
  const live = ends === 0 ? [] : [`${liveCalls(ends)} would wrap up`]
  const waiting =
    away === 0 ? [] : [`${away === 1 ? '1 waiting caller' : `${away} waiting callers`} would be sent away`]
  const budget = is.refusal?.budget
  const until = budget === undefined ? '' : ` until ${isoOf(budget.ends)}`
  const who = [...live, ...waiting]
  return who.length === 0 ? `New calls are refused${until}.` : `${who.join(', ')}, new ones are refused${until}.`
}

function liveCalls(count: number): string {
  return count === 1 ? '1 live call' : `${count} live calls`
}

/** What each call may use by itself. */
function callNotes(before: Tenant, after: Tenant, { is, ends }: BudgetsEdit): string[] {
  const [old, now] = [callLimits(before), callLimits(after)]
  const notes = [
    ...old
      .filter((one) => find(now, one) === undefined)
      .map((one) => `A call could use any number of ${named(one)} ${each(one.window)}.`),
    ...now
      .filter((one) => find(old, one)?.amount !== one.amount)
      .map((one) => {
        const then = find(old, one)
        const instead = then === undefined ? 'any number' : amountText(then.account, then.amount)
        return `A call could use ${limitText(one)} instead of ${instead}.`
      }),
  ]
  const own = is.refusal === undefined && ends > 0
  return own
    ? [...notes, `${liveCalls(ends)} ${ends === 1 ? 'has' : 'have'} used as much already and would wrap up.`]
    : notes
}

function trialNotes(before: Tenant, after: Tenant, edit: BudgetsEdit): string[] {
  const [was, is] = [trialEndsAt(before), trialEndsAt(after)]
  if (was === is) return []
  if (is === null) return ['There would be no trial any more.']
  const note = was === null ? `A trial would end at ${is}.` : `The trial would end at ${is} instead of ${was}.`
  const over = edit.was.refusal === undefined && edit.is.refusal?.why === 'trial_ended'
  return [over ? `${note} It would be over at once: ${stopNote(edit)}` : note]
}

function againNotes({ was, is }: BudgetsEdit): string[] {
  return was.refusal !== undefined && is.refusal === undefined ? ['New calls would be taken again at once.'] : []
}

function clockNotes(before: Tenant, after: Tenant, { is }: BudgetsEdit): string[] {
  if (before.timezone === after.timezone) return []
  const day = is.readings.find(({ window }) => window === 'day')
  const ends = day === undefined ? '' : ` This day would end at ${isoOf(day.ends)}.`
  return [
    `Hours, days and months would begin by the clock of ${after.timezone} instead of ${before.timezone}.${ends} What was used counts on where the date is the same by both; an hour that the clocks tell apart begins with nothing used.`,
  ]
}

function shadowNotes(before: Tenant, after: Tenant, { is }: BudgetsEdit): string[] {
  if (JSON.stringify(before.shadow) === JSON.stringify(after.shadow)) return []
  if (after.shadow === null) return ['Nothing would be tried any more.']
  const tried = is.readings
    .filter(({ shadow }) => shadow)
    .map(({ account, amount, used, window }) => {
      return `${amountText(account, amount)} for this ${window} (${amountText(account, used)} are used)`
    })
  const { lines } = after.shadow
  const caps = lines === null ? [] : [`a cap of ${lines} lines`]
  const what = [...caps, ...tried].join(', ')
  return [what === '' ? 'Nothing would be tried.' : `Tried alone, refusing nobody, would be: ${what}.`]
}

function find<L extends Limit>(limits: readonly L[], one: Limit): L | undefined {
  return limits.find((other) => same(other, one))
}

function same(a: Limit, b: Limit): boolean {
  return a.window === b.window && a.account === b.account
}
