// The webhooks of a desk of any home beside those of one over SQL under random commands: both tell the same story. Knows no home.
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { isoOf } from '../../src/calendar.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import type { Attempt, NextMessage } from '../../src/desk-outbox.ts'
import type { DeskSteps } from '../../src/desk-steps.ts'
import { SqlDesk } from '../../src/desk.ts'
import { newHook } from '../../src/hook-edits.ts'
import { messageClaimMs, messageWaitMsMost } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { Offer } from '../../src/ports.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { bodyOf } from '../../src/webhook-events.ts'
import { seed } from '../contract/seed.ts'
import { ample } from '../support/grants.ts'
import { openSqlite } from './sqlite.ts'
import type { TimedDesk } from './desk-streams.ts'

const start = Date.parse('2026-11-30T23:50:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
const streamLength = 60
const hooks = ['hook_1', 'hook_2', 'hook_3', 'hook_4', 'hook_5', 'hook_6']

type Command =
  | { do: 'call'; call: string; why: 'hung_up' | 'call_reset'; agent: string | null }
  | { do: 'add'; hook: string; events: ('call.ended' | 'budget.warning')[] | null; enabled: boolean }
  | { do: 'change'; hook: string; change: { enabled?: boolean; url?: string; events?: null } }
  | { do: 'rotate'; hook: string; graceMs: number }
  | { do: 'remove'; hook: string }
  | { do: 'note'; hook: string; url: string; status: number }
  | { do: 'next' }
  | { do: 'settle'; back: number; status: number | null; chance: number }
  | { do: 'sweep' | 'report' | 'hooks' }
  | { do: 'pass'; ms: number }

const short = [0, 1, 5_000, 6_000, messageClaimMs - 1, messageClaimMs, 400_000]
const passes = [...short, ...short, 86_400_000, messageWaitMsMost - 300_000, messageWaitMsMost, 36 * 86_400_000]

const hook = fc.constantFrom(...hooks)
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call'),
      call: fc.constantFrom(...Array.from({ length: 20 }, (_, i) => `call_${i}`)),
      why: fc.constantFrom('hung_up', 'call_reset'),
      agent: fc.constantFrom(null, 'sales "é" 𝒳'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add'),
      hook,
      events: fc.constantFrom(null, ['call.ended'], ['budget.warning'], ['budget.warning', 'call.ended']),
      enabled: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('change'),
      hook,
      change: fc.constantFrom({ enabled: true }, { enabled: false }, { url: 'https://b.example/' }, { events: null }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate'), hook, graceMs: fc.constantFrom(0, 60_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove'), hook }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('note'),
      hook,
      url: fc.constantFrom('https://a.example/', 'https://b.example/'),
      status: fc.constantFrom(200, 500, 410),
    }),
  },
  { weight: 8, arbitrary: fc.constant({ do: 'next' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      back: fc.constantFrom(0, 0, 0, 1, 2),
      status: fc.constantFrom(200, 204, 500, null, 302, 410),
      chance: fc.constantFrom(0, 0.3, 1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('sweep', 'report', 'hooks') }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      ms: fc.constantFrom(...passes),
    }),
  },
) as fc.Arbitrary<Command>

/** Streams of commands, each on a fresh desk of the home. Returns how many were taken. */
export async function mailStreams(open: (run: number) => TimedDesk, steps: number): Promise<number> {
  let run = 0
  const stream = fc.array(command, { minLength: streamLength, maxLength: streamLength })
  await fc.assert(
    fc.asyncProperty(stream, async (commands) => {
      let now = start
      const store = openSqlite()
      SqlDesk.prepare(store.sql)
      const sql = new Told(
        new SqlSteps('ten_1', store.sql, store.transact, { now: () => now, after: () => () => undefined }),
      )
      const { desk, at } = open(run++)
      const other = new Told(desk)
      const pass = (ms: number): Promise<unknown> => at((now += ms))
      try {
        await pass(0)
        for (const told of [sql, other]) await told.begin()
        for (const command of commands) {
          if (command.do === 'pass') await pass(command.ms)
          else expect(await other.take(command), JSON.stringify(command)).toEqual(await sql.take(command))
        }
      } finally {
        store.close()
      }
    }),
    { seed, numRuns: Math.ceil(steps / streamLength), endOnFailure: true },
  )
  return run * streamLength
}

/** One desk, in plain words. */
class Told {
  readonly #desk: DeskSteps
  readonly #attempts: Attempt[] = []
  #heard: number | undefined

  constructor(desk: DeskSteps) {
    this.#desk = desk
    desk.mail.heard((afterMs) => (this.#heard = Math.min(afterMs, this.#heard ?? afterMs)))
  }

  async begin(): Promise<void> {
    await this.#desk.create({
      ...TenantSettings.parse({ name: 'Acme', plan: 'starter' }),
      id: 'ten_1',
      created_at,
    })
    const times = { created_at, expires_at: null, revoked_at: null }
    await this.#desk.addKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
    await this.#call('call_first', 'hung_up', null)
    await this.#desk.regrant('openai', { ...ample, epoch: start }, 'answer')
  }

  /** What was answered, and when a message was said to be due by it. */
  async take(command: Exclude<Command, { do: 'pass' }>): Promise<unknown> {
    this.#heard = undefined
    const answer = await this.#answer(command)
    return { answer, heard: this.#heard }
  }

  async #answer(command: Exclude<Command, { do: 'pass' }>): Promise<unknown> {
    const { mail } = this.#desk
    switch (command.do) {
      case 'call':
        return this.#call(command.call, command.why, command.agent)
      case 'add': {
        const { events, enabled } = command
        const settings = { url: 'https://a.example/', events, enabled }
        const known = (await mail.hooks())?.some(({ hook }) => hook.id === command.hook)
        return known === true ? 'known' : mail.addHook(newHook(command.hook, settings, 'whsec_AAAA', created_at))
      }
      case 'change':
        return mail.changeHook(command.hook, command.change)
      case 'rotate':
        return mail.rotateHook(command.hook, 'whsec_BBBB', command.graceMs)
      case 'remove':
        return mail.removeHook(command.hook)
      case 'note':
        return mail.note(command, { status: command.status, error: `no: ${command.status}` })
      case 'next':
        return this.#shown(await mail.next())
      case 'settle': {
        const attempt = this.#attempts.at(-1 - command.back)
        const { status, chance } = command
        const error = status !== null && status < 300 ? null : `no: ${status}`
        return attempt === undefined ? undefined : mail.settle(attempt, { status, error }, chance)
      }
      case 'sweep':
        return this.#desk.sweep()
      case 'report':
        return this.#desk.report()
      default:
        return mail.hooks()
    }
  }

  /** A message is its body: Lua has nothing where JSON has null. */
  #shown(next: NextMessage): unknown {
    if (next.is === 'none') return next
    this.#attempts.push(next.attempt)
    return { ...next, message: [next.message.id, bodyOf(next.message, isoOf)] }
  }

  async #call(call: string, why: 'hung_up' | 'call_reset', agent: string | null): Promise<void> {
    const whose = { tenant: 'ten_1', keyHash: 'hash', caller: null, pool: 'openai' }
    const offer: Offer = { call, ...whose, agent, model: 'm', models: ['m'], unserved: null }
    await this.#desk.admit(offer)
    const lost = lostRecord('m', 1_234, 7)
    const record = { ...lost, tokens: 321, outcome: { ...lost.outcome, why } }
    await this.#desk.end(
      { call, tenant: 'ten_1', key: 'k1', agent, caller: null, model: 'm', pool: 'openai' },
      [],
      record,
    )
  }
}
