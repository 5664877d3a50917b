// What a desk tells its webhooks: what is put away and when, what an outcome does to endpoint and message, what is counted.
import { beforeEach, expect, test } from 'vitest'
import type { Due } from '../../src/desk-outbox.ts'
import { changedHook, newHook, rotatedHook, shownHook } from '../../src/hook-edits.ts'
import type { HookChange, HookSettings } from '../../src/hook-settings.ts'
import { keptMs, lostAfterMs, messageClaimMs, messagesWaiting, messageWaitMsMost } from '../../src/limits.ts'
import { entry, still } from '../support/words.ts'
import { DeskHost, start } from './desk-host.ts'
import { ref } from '../support/refs.ts'

const created_at = '2026-11-21T00:00:00.000Z'
const warning = {
  id: 'warn_1',
  type: 'budget.warning',
  data: { tenant: 'ten_1', window: 'day', of: 'tokens', used: 80, limit: 100, share: 0.8, shadow: false },
} as const

const h1 = { hook: 'h1', url: 'https://h1.example/' }

let host: DeskHost
beforeEach(() => {
  host = new DeskHost()
})

function hook(id: string, own: Partial<HookSettings> = {}): void {
  const settings = { url: `https://${id}.example/`, events: null, enabled: true, ...own }
  host.desk.hooks.put({ ...newHook(id, settings, `whsec_${id}`, created_at), on_at: start - 1 })
}

function change(id: string, change: HookChange, at = 0): void {
  const kept = host.desk.hooks.get(id)
  if (kept === undefined) throw new Error(`no hook ${id}`)
  host.desk.hooks.put(changedHook(kept.hook, change, start + at))
}

function next(at = 0): Due {
  const one = host.desk.outbox.next(start + at)
  if (one.is === 'none') throw new Error(`nothing is due for ${one.afterMs} ms`)
  return one
}

const settle = ({ attempt }: Due, status: number | null, at = 0): void =>
  host.desk.outbox.settle(attempt, { status, error: status === 200 ? null : `It answered ${status}.` }, 0, start + at)

/** By outcome. */
function deliveries(): Record<string, number> {
  const all = Object.entries(host.desk.report(start)['openai'] ?? {})
  const ours = all.filter(([series]) => series.startsWith('trunkline_webhook_deliveries_total'))
  return Object.fromEntries(ours.map(([series, value]) => [series.split('"')[3] ?? '', value]))
}

test('[A5] a call that ends is told with its record, once, also where its end is told twice', () => {
  hook('h1')
  host.admit('c1')
  host.end('c1', 61_000)
  host.end('c1', 62_000)
  expect(next(61_000)).toMatchObject({
    attempt: { url: 'https://h1.example/' },
    secrets: ['whsec_h1'],
    more: false,
    message: {
      id: 'c1_ended',
      type: 'call.ended',
      at: start + 61_000,
      data: { tenant: 'ten_1', call: 'c1', key: 'k1', agent: null, outcome_by: 'caller', outcome_why: 'hung_up' },
    },
  })
  expect(host.desk.outbox.next(start + 61_000).is).toBe('none')
})

test('[A5] also a call that was lost is told', () => {
  hook('h1')
  host.admit('c1')
  host.desk.sweep(start + 40_000)
  host.desk.sweep(start + 40_000 + lostAfterMs)
  expect(next(40_000 + lostAfterMs).message.data).toMatchObject({ call: 'c1', outcome_why: 'call_reset' })
})

test('[A5] what no endpoint wants is not kept, and an endpoint hears only what it asked for', () => {
  host.desk.outbox.put(warning, start)
  hook('h1', { events: ['budget.warning', 'budget.exhausted'] })
  hook('h2', { events: ['call.ended'] })
  hook('h3', { enabled: false })
  host.admit('c1')
  host.end('c1')
  host.desk.outbox.put(warning, start)
  expect([next(), next()].map(({ attempt, message }) => [attempt.url, message.id])).toEqual([
    ['https://h1.example/', 'warn_1'],
    ['https://h2.example/', 'c1_ended'],
  ])
  expect(host.desk.outbox.next(start).is).toBe('none')
})

test('[A5] the same id is told once, also after it was delivered, for as long as calls are kept', () => {
  hook('h1')
  for (let i = 0; i < 2; i++) {
    host.desk.outbox.put(warning, start)
    if (i === 0) settle(next(), 200)
  }
  expect(host.desk.outbox.next(start)).toEqual({ is: 'none', afterMs: null })
  host.desk.sweep(start + keptMs - 1)
  host.desk.outbox.put(warning, start + keptMs - 1)
  expect(host.desk.outbox.next(start + keptMs - 1).is).toBe('none')
  host.desk.sweep(start + keptMs)
  host.desk.outbox.put(warning, start + keptMs)
  expect(next(keptMs).message.id).toBe('warn_1')
})

test('[A5] a message is put with what it tells of, or not at all', () => {
  hook('h1')
  const broken = new Error('the step fails after it')
  const step = (): void =>
    host.desk.transact(() => {
      host.desk.outbox.put(warning, start)
      throw broken
    })
  expect(step).toThrow(broken)
  expect(host.desk.outbox.next(start).is).toBe('none')
  host.desk.outbox.put(warning, start)
  expect(next().message).toEqual({ ...warning, at: start })
})

test('[A5] 410 switches the endpoint off, and what waited for it is gone; switched on it is told again', () => {
  hook('h1')
  hook('h2')
  host.admit('c1')
  host.end('c1')
  host.desk.outbox.put(warning, start)
  settle(next(), 410)
  expect(host.desk.hooks.list().map(shownHook)).toMatchObject([
    {
      id: 'h1',
      enabled: false,
      disabled_reason: 'It answered 410 Gone. Set "enabled" to true to tell it again.',
      last: { at: '2026-11-21T12:00:00.000Z', status: 410, error: 'It answered 410.' },
    },
    { id: 'h2', enabled: true, disabled_reason: null, last: null },
  ])
  expect([next(), next()].map(({ attempt }) => attempt.url)).toEqual(['https://h2.example/', 'https://h2.example/'])
  expect(host.desk.outbox.next(start).is).toBe('none')
  host.desk.outbox.put({ ...warning, id: 'warn_2' }, start)
  expect(next().attempt.hook).toBe('h2')
  change('h1', { enabled: true }, 1)
  host.desk.outbox.put({ ...warning, id: 'warn_3' }, start + 2)
  expect([next(2), next(2)].map(({ attempt }) => attempt.hook)).toEqual(['h1', 'h2'])
  expect(deliveries()).toEqual({ disabled: 1 })
})

test('[A5] also a test that is answered with 410 drops what waits: an endpoint that is off is owed nothing', () => {
  hook('h1')
  hook('h2')
  host.admit('c1')
  host.desk.outbox.put(warning, start)
  host.desk.outbox.put({ ...warning, id: 'warn_2' }, start + 1)
  const due = next(1)
  expect(due.attempt.hook).toBe('h1')
  host.desk.outbox.note(h1, { status: 410, error: 'It answered 410.' }, start + 1)
  settle(due, 500, 2) // it was under way
  const others = [next(2), next(2)]
  expect(others.map(({ attempt }) => attempt.hook)).toEqual(['h2', 'h2'])
  for (const other of others) settle(other, 200, 3)
  expect(host.desk.outbox.next(start + 3)).toEqual({ is: 'none', afterMs: null })
  expect(host.store.sql('SELECT id FROM message WHERE json IS NOT NULL')).toEqual([])
  expect(deliveries()).toEqual({ delivered: 2 }) // tests are not counted
})

test('[A5] a 410 of the URL that it had before is a failure like others: the new one stays on, and gets what waits', () => {
  hook('h1')
  host.admit('c1')
  host.desk.outbox.put(warning, start)
  const due = next()
  change('h1', { url: 'https://new.example/', enabled: true })
  settle(due, 410, 1)
  host.desk.outbox.note(h1, { status: 410, error: 'It answered 410.' }, start + 2) // a test that was under way
  expect(host.desk.hooks.list().map(shownHook)).toMatchObject([{ enabled: true, disabled_reason: null, last: null }])
  expect(deliveries()).toEqual({ retried: 1 })
  const again = next(5_001)
  expect([again.attempt.url, again.message.id]).toEqual(['https://new.example/', 'warn_1'])
  settle(again, 410, 5_002)
  expect(host.desk.hooks.list().map(shownHook)).toMatchObject([{ enabled: false, last: { status: 410 } }])
})

test('[A5] every other answer but 2xx is tried again, and what came of the last attempt is shown', () => {
  hook('h1')
  host.admit('c1')
  for (const [i, status] of [500, 302, 404, 101, null].entries()) {
    host.desk.outbox.put({ ...warning, id: `warn_${i}` }, start + i * 600_000)
    settle(next(i * 600_000), status, i * 600_000)
    expect(host.desk.hooks.list().map(shownHook)).toMatchObject([{ enabled: true, last: { status } }])
  }
  const last = { at: start + 4 * 600_000, status: null, error: 'It answered null.', gone_at: null }
  expect(host.desk.hooks.get('h1')?.state).toEqual(last)
  expect(deliveries()).toEqual({ retried: 5 })
})

test('[A5] a message that is given up, and one that is delivered, is no longer kept', () => {
  hook('h1')
  host.admit('c1')
  host.end('c1')
  let [at, attempts] = [0, 0]
  for (;;) {
    settle(next(at), 500, at)
    attempts++
    const later = host.desk.outbox.next(start + at)
    if (later.is === 'due' || later.afterMs === null) break
    at += later.afterMs
  }
  host.desk.outbox.put(warning, start + at)
  at += 300_000
  settle(next(at), 200, at)
  expect(attempts).toBe(10)
  expect(host.store.sql('SELECT id FROM message WHERE json IS NOT NULL')).toEqual([])
  expect(deliveries()).toEqual({ retried: 9, gave_up: 1, delivered: 1 })
})

test('[A5] an endpoint that is deleted while it is told is owed nothing, and its outcome is nobody’s', () => {
  hook('h1')
  host.admit('c1')
  host.end('c1')
  const due = next()
  host.desk.outbox.forsake('h1')
  host.desk.hooks.delete('h1')
  settle(due, 500)
  expect(host.desk.outbox.next(start + 86_400_000)).toEqual({ is: 'none', afterMs: null })
  expect(host.store.sql('SELECT id FROM message WHERE json IS NOT NULL')).toEqual([])
  expect(deliveries()).toEqual({})
})

test.each(['next', 'sweep'] as const)('[A5] with its %s a desk gives up what has waited for too long', (step) => {
  hook('h1')
  host.admit('c1')
  host.end('c1')
  host.desk.outbox.put(warning, start + 1)
  settle(next(), 500)
  host.desk.outbox[step](start + messageWaitMsMost)
  expect(host.store.sql('SELECT id FROM message WHERE json IS NOT NULL')).toEqual([{ id: 'warn_1' }])
  expect(host.gauge('trunkline_webhook_messages_dropped_total')).toBe(1)
  host.desk.outbox[step](start + messageWaitMsMost + 1)
  expect(host.desk.outbox.next(start + messageWaitMsMost + 1)).toEqual({ is: 'none', afterMs: null })
})

test('[A5] a message that is lost while it waits holds nothing up', () => {
  hook('h1')
  host.desk.outbox.put(warning, start)
  host.desk.outbox.put({ ...warning, id: 'warn_2' }, start + 1)
  host.store.sql("DELETE FROM message WHERE id = 'warn_1'")
  expect(next(1).message.id).toBe('warn_2')
  expect(host.desk.outbox.standing(start + 1).messages).toBe(1)
})

test('[A5] how many wait and for how long is on the page, and how many were dropped', () => {
  hook('h1')
  host.admit('c1')
  expect(host.gauge('trunkline_webhook_messages_waiting')).toBe(0)
  expect(host.gauge('trunkline_webhook_oldest_wait_seconds')).toBe(0)
  for (let i = 0; i < messagesWaiting + 3; i++) host.desk.outbox.put({ ...warning, id: `warn_${i}` }, start + i)
  host.desk.transact(() => undefined)
  expect(host.gauge('trunkline_webhook_messages_waiting', 5_000)).toBe(messagesWaiting)
  expect(host.gauge('trunkline_webhook_oldest_wait_seconds', 5_000)).toBe(4.997)
  expect(host.gauge('trunkline_webhook_messages_dropped_total')).toBe(3)
  expect(next(5_000).message.id).toBe('warn_3')
  expect(host.store.sql('SELECT count(*) AS n FROM message WHERE json IS NOT NULL')).toEqual([{ n: messagesWaiting }])
})

test('[A5] the host is told when a message waits: with the step that puts it, and with each sweep until it is gone', () => {
  hook('h1')
  host.desk.sweep(start)
  expect(host.waits.splice(0)).toEqual([])
  host.desk.outbox.put(warning, start)
  expect(host.waits.splice(0)).toEqual([0])
  host.desk.outbox.put(warning, start) // put before: nothing new
  host.desk.sweep(start + 1_000)
  expect(host.waits.splice(0)).toEqual([0])
  const due = next(1_000)
  expect(host.desk.outbox.next(start + 1_000)).toEqual({ is: 'none', afterMs: messageClaimMs })
  settle(due, 500, 1_000)
  host.desk.sweep(start + 2_000)
  expect(host.waits.splice(0)).toEqual([4_000])
  settle(next(6_000), 200, 6_000)
  host.desk.sweep(start + 6_000)
  expect(host.waits).toEqual([])
})

test('[A5] who takes a message is told whether another is due', () => {
  hook('h1')
  host.desk.outbox.put(warning, start)
  host.desk.outbox.put({ ...warning, id: 'warn_2' }, start)
  host.desk.outbox.put({ ...warning, id: 'warn_3' }, start + 1)
  expect([next().more, next().more, next(1).more]).toEqual([true, false, false])
})

test('[A5] a message is kept until the last of its endpoints was told', () => {
  hook('h1')
  hook('h2')
  host.desk.outbox.put(warning, start)
  settle(next(), 200)
  expect(next()).toMatchObject({ attempt: { url: 'https://h2.example/' }, message: { id: 'warn_1' } })
})

test('[A5] an outcome that comes when another has the message changes nothing and is not counted', () => {
  hook('h1')
  host.admit('c1')
  host.desk.outbox.put(warning, start)
  const late = next()
  const taken = next(messageClaimMs)
  settle(late, 500, messageClaimMs)
  expect(deliveries()).toEqual({})
  settle(taken, 200, messageClaimMs)
  expect(deliveries()).toEqual({ delivered: 1 })
})

test('[A5] an endpoint that said 410 stays off, whatever a test of it comes to', () => {
  hook('h1')
  host.desk.outbox.note(h1, { status: 410, error: 'It answered 410.' }, start)
  host.desk.outbox.note(h1, { status: 200, error: null }, start + 1)
  expect(host.desk.hooks.list().map(shownHook)).toMatchObject([{ enabled: false, last: { status: 200 } }])
  change('h1', { enabled: true }) // in the same moment: the word of the operator holds
  expect(host.desk.hooks.list().map(shownHook)).toMatchObject([{ enabled: true, disabled_reason: null }])
  expect(host.desk.hooks.get('h1')?.state?.gone_at).toBe(start)
})

test('[A5] after a rotation both secrets sign for the grace, then the new one alone', () => {
  hook('h1')
  const kept = host.desk.hooks.get('h1')
  if (kept === undefined) throw new Error('no hook')
  host.desk.hooks.put(rotatedHook(kept.hook, 'whsec_new', 60_000, start))
  const secrets = (at: number): string[] => {
    host.desk.outbox.put({ ...warning, id: `at_${at}` }, start + at)
    const due = next(at)
    settle(due, 200, at)
    return due.secrets
  }
  expect([secrets(0), secrets(59_999), secrets(60_000)]).toEqual([
    ['whsec_new', 'whsec_h1'],
    ['whsec_new', 'whsec_h1'],
    ['whsec_new'],
  ])
  expect(rotatedHook(kept.hook, 'whsec_new', 0, start).old).toBeNull()
})

test('[A5] a preview of an edit tells nobody', () => {
  hook('h1')
  host.admit('c1')
  host.desk.edits.preview({ caps: { lines: 0, agents: {} } }, start)
  expect(host.desk.outbox.next(start).is).toBe('none')
})

function debit(call: string, micro_usd: number, at = 0): void {
  const amounts = { input_text: 40_000, micro_usd }
  host.desk.debit(ref(call), [entry(`r${at}`, amounts)], still, start + at)
}

/** What is told in this step, in order. */
function told(at: number): unknown[] {
  const all: unknown[] = []
  for (let one = host.desk.outbox.next(start + at); one.is === 'due'; one = host.desk.outbox.next(start + at)) {
    all.push({ ...one.message.data, type: one.message.type })
    settle(one, 200, at)
  }
  return all
}

test('[A5] [L6] a budget that is four fifths used, and one that is spent, are told once, in the unit in which they are set', () => {
  host = new DeskHost({ budgets: { spendUsdPerHour: 2, inputTokensPerHour: 50_000, tokensPerDay: 1e9 } })
  hook('h1', { events: ['budget.warning', 'budget.exhausted'] })
  host.admit('c1')
  debit('c1', 1_000_000)
  const common = { tenant: 'ten_1', window: 'hour', resets_at: '2026-11-21T13:00:00.000Z', shadow: false }
  const input = { ...common, of: 'input tokens', limit: 50_000 }
  expect(told(0)).toEqual([{ ...input, type: 'budget.warning', used: 40_000, share: 0.8 }])
  debit('c1', 1_500_000, 1)
  const dollars = { ...common, of: 'US dollars', limit: 2, used: 2.5, share: 1.25 }
  expect(told(1)).toEqual([
    { ...input, type: 'budget.exhausted', used: 80_000, share: 1.6 },
    { ...dollars, type: 'budget.warning' },
    { ...dollars, type: 'budget.exhausted' },
  ])
  debit('c1', 1, 2)
  expect(told(2)).toEqual([])
})

test('[A5] [L7] a suspension is told, and that it was lifted', () => {
  host = new DeskHost({ budgets: { spendUsdPerHour: 1_000, inputTokensPerHour: 1e9, tokensPerDay: 1e9 } })
  hook('h1', { events: ['tenant.suspended', 'tenant.resumed'] })
  host.admit('c1')
  debit('c1', 9_000_000)
  expect(told(0)).toEqual([{ type: 'tenant.suspended', tenant: 'ten_1', reason: 'burn_rate', usd_per_hour: 54 }])
  host.desk.resume(start + 1)
  expect(told(1)).toEqual([{ type: 'tenant.resumed', tenant: 'ten_1', reason: 'operator' }])
  expect(host.desk.resume(start + 2)).toBe(false)
  expect(told(2)).toEqual([])
})
