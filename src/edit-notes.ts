// What an edit of a tenant or a key would do, in sentences for people. Counts nothing itself. Rules G7, H6.
import { budgetNotes, type BudgetsSeen } from './budget-notes.ts'
import type { LinesReading } from './desk-queue.ts'
import { linesOf, plans, type Key, type Tenant } from './plan.ts'

/** What an edit would do, at the moment it is asked. */
export interface Effect {
  /** As they would read right after it. */
  lines: LinesReading
  room: { now: number; after: number }
  /** Waiting callers that would have a line at once. */
  put_through: number
  /** Waiting callers that would be sent away: their model is not served to the tenant any more, or a budget is spent by it. */
  turned_away: number
  /** Live calls that would wrap up: because of a budget or a trial; nothing else ends one (G7). */
  ends: number
  /** The same for people, and what the numbers do not say. */
  notes: string[]
}

/** The numbers of the edit, how many waited before it, and how many calls each agent has, live and waiting. */
export interface Seen extends Omit<Effect, 'notes'> {
  waiting: number
  was: BudgetsSeen
  is: BudgetsSeen
  agents: ReadonlyMap<string | null, number>
}

export function tenantNotes(before: Tenant, after: Tenant, seen: Seen): string[] {
  const notes = [
    ...linesNotes(before, seen),
    ...roomNotes(before, after, seen),
    ...modelNotes(before, after, seen),
    ...planNotes(before, after),
    ...agentNotes(before, after, seen),
    ...termsNotes(before, after),
    ...budgetNotes(before, after, { ...seen, away: seen.turned_away }),
  ]
  return notes.length === 0 ? ['No call and no waiting caller would notice.'] : notes
}

/** `calls`: how many this key has, live and waiting. */
export function keyNotes(before: Key, after: Key, calls: number): string[] {
  const notes = before.lines === after.lines ? [] : capNotes('This key', before.lines, after.lines, calls)
  if (before.headStartSeconds !== after.headStartSeconds) {
    notes.push(
      after.headStartSeconds === 0
        ? 'Callers who come with this key would have no head start; those who wait keep their places.'
        : `Callers who come with this key would stand as if they had come ${after.headStartSeconds} seconds earlier; those who wait keep their places.`,
    )
  }
  return notes.length === 0 ? ['No call and no waiting caller would notice.'] : notes
}

function linesNotes(before: Tenant, { lines, put_through, waiting, is }: Seen): string[] {
  const notes: string[] = []
  const cap = linesOf(before)
  if (cap !== lines.cap) notes.push(`The cap would be ${lines.cap} instead of ${cap}.`)
  if (lines.over > 0)
    notes.push(`${lines.live === 1 ? '1 call is' : `${lines.live} calls are`} live, ${above(lines.over, lines.cap)}`)
  if (waiting > 0 && is.refusal === undefined && (put_through > 0 || cap !== lines.cap))
    notes.push(`${put_through} of ${waiting} waiting callers would be put through at once.`)
  return notes
}

function roomNotes(before: Tenant, after: Tenant, { lines, room }: Seen): string[] {
  const stay = lines.waiting > 0 ? ` Those who wait (${lines.waiting}) keep their places.` : ''
  if (after.overflow !== 'hold') {
    if (before.overflow === after.overflow) return []
    const how = after.overflow === 'event' ? 'by an error event' : 'by HTTP 429 before the upgrade'
    return [`Callers who find no line would be refused ${how}, and not wait.${stay}`]
  }
  if (room.now === room.after) return []
  if (lines.waiting <= room.after)
    return [`The queue would have room for ${room.after} callers instead of ${room.now}.`]
  return [
    `The queue would have room for ${room.after} and hold ${lines.waiting}: they keep their places, newcomers are refused until there is room.`,
  ]
}

function modelNotes(before: Tenant, after: Tenant, { turned_away, is }: Seen): string[] {
  if (same(before.models, after.models)) return []
  const away =
    turned_away > 0 && is.refusal === undefined
      ? `; ${turned_away} who wait for another would be told so and sent away`
      : ''
  return [
    after.models === null
      ? 'New calls could have every model that is served.'
      : `New calls could have ${after.models.join(', ')} alone; live calls go on${away}.`,
  ]
}

function planNotes(before: Tenant, after: Tenant): string[] {
  const [was, is] = [plans[before.plan], plans[after.plan]]
  const notes: string[] = []
  if (was.longestCallMinutes !== is.longestCallMinutes) {
    const [then, now] = [is, was].map(({ longestCallMinutes: minutes }) => minutes ?? 'any number of')
    notes.push(`A call could last ${then} minutes instead of ${now}: for new calls alone.`)
  }
  if (was.patienceSeconds !== is.patienceSeconds)
    notes.push(
      `A caller could wait ${is.patienceSeconds} seconds instead of ${was.patienceSeconds}: new callers alone.`,
    )
  return notes
}

function agentNotes({ caps: was }: Tenant, { caps: is }: Tenant, { agents }: Seen): string[] {
  const labels = new Set([...Object.keys(was.agents), ...Object.keys(is.agents)])
  return [...labels].flatMap((label) => {
    const [before, after] = [was.agents[label], is.agents[label]]
    return before === after ? [] : capNotes(`The agent "${label}"`, before, after, agents.get(label) ?? 0)
  })
}

function termsNotes(before: Tenant, after: Tenant): string[] {
  const parts = (['pinned', 'frameBytes', 'longestCallSeconds', 'hold'] as const).filter(
    (part) => !same(before[part], after[part]),
  )
  return parts.length === 0
    ? []
    : [`What changes in ${parts.join(', ')} is for new calls alone; live and waiting ones keep what they came with.`]
}

type Cap = number | null | undefined

/** A key's or an agent's own cap; its waiting callers hold its lines too. */
function capNotes(whose: string, before: Cap, after: Cap, calls: number): string[] {
  if (typeof after !== 'number') return [`${whose} would have no cap of its own.`]
  const cap = `${whose} would have a cap of ${after} instead of ${before ?? 'none'}.`
  return calls <= after
    ? [cap]
    : [cap, `It has ${calls === 1 ? '1 call' : `${calls} calls`}, live and waiting, ${above(calls - after, after)}`]
}

function above(over: number, cap: number): string {
  const until = cap === 0 ? 'as long as it is 0' : `until fewer than ${cap} are left`
  return `${over} above the cap of ${cap}: none ends, and no new call has a line ${until}.`
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
