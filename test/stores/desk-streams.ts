// A desk of any home beside one over SQL under random commands: both tell the same story. Knows no home.
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { lostRecord } from '../../src/desk-counts.ts'
import type { DeskSteps } from '../../src/desk-steps.ts'
import { SqlDesk } from '../../src/desk.ts'
import type { UsageAsk } from '../../src/desk-usage.ts'
import { leaseTtlMs, shareTimeoutMs } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import { keyValid, type FreshKey, type Key, type Tenant } from '../../src/plan.ts'
import type { Admission, CallRecord, Offer, PoolGrant } from '../../src/ports.ts'
import type { Affected } from '../../src/desk-books.ts'

import { openSqlite } from './sqlite.ts'
import { deskCommand, keys, offerOf, refOf, type DeskCommand } from '../contract/desk-commands.ts'
import { seed } from '../contract/seed.ts'

export const start = Date.parse('2026-11-30T23:50:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'
const streamLength = 100

/** What both are asked in the same words. */
type Told = Exclude<DeskCommand, { do: 'pass' | 'ask' | 'regrant' }>
type Rotating = Extract<DeskCommand, { do: 'rotate' }>
type Offering = Extract<DeskCommand, { call: string; unserved: boolean }>

export interface TimedDesk {
  desk: DeskSteps
  /** Sets the time of all steps from now on. */
  at: (now: number) => Promise<unknown>
}

/** Streams of a hundred commands, each on a fresh desk of the home. Returns how many were taken. */
export async function deskStreams(open: (run: number) => TimedDesk, steps: number): Promise<number> {
  let run = 0
  const stream = fc.array(deskCommand, { minLength: streamLength, maxLength: streamLength })
  await fc.assert(
    fc.asyncProperty(stream, async (commands) => {
      const beside = new Beside(open(run))
      try {
        await beside.begin(run % 4 === 0 ? 20 : 0, run % 2 === 0 ? 2 : 4)
        run++
        for (const command of commands) await beside.take(command)
        await beside.settle()
      } finally {
        beside.close()
      }
    }),
    { seed, numRuns: Math.ceil(steps / streamLength), endOnFailure: true },
  )
  return run * streamLength
}

class Beside {
  #now = start
  readonly #other: DeskSteps
  readonly #at: TimedDesk['at']
  readonly #store = openSqlite()
  readonly #sql: SqlDesk
  /** Pool → until when an answer is awaited, and whether somebody else came since. */
  readonly #shares = new Map<string, { until: number; again: boolean }>()
  #version = 1

  constructor({ desk, at }: TimedDesk) {
    this.#other = desk
    this.#at = at
    SqlDesk.prepare(this.#store.sql)
    this.#sql = new SqlDesk(this.#store.sql, this.#store.transact)
  }

  /** `talked`: calls that were there before, so that the desk has learned how long calls are and what they take. */
  async begin(talked: number, lines: number): Promise<void> {
    await this.#at(this.#now)
    const settings = TenantSettings.parse({ name: 'Acme', plan: 'trial', caps: { lines } })
    const tenant: Tenant = { ...settings, id: 'ten_1', created_at }
    this.#sql.edits.create(tenant, this.#now)
    await this.#other.create(tenant)
    for (const id of keys) {
      const times = { created_at, expires_at: null, revoked_at: null }
      const key: Key = { id, name: id, lines: null, headStartSeconds: 0, hint: '…', ...times }
      this.#sql.edits.addKey(key, `hash of ${id}`, this.#now)
      expect(await this.#other.addKey(key, `hash of ${id}`)).toBeUndefined()
    }
    for (let i = 0; i < talked; i++) {
      await this.take({ do: 'regrant', pool: 'openai', tokens: 60_000, sessions: 9, as: 'answer' })
      await this.take({ do: 'admit', call: `t${i}`, unserved: false })
      await this.take({ do: 'end', call: `t${i}`, why: 'hung_up', liveMs: 10_000 + 777 * i, report: 'r1' })
    }
  }

  close(): void {
    this.#store.close()
  }

  /** All that can be read, at the end. */
  async settle(): Promise<void> {
    for (const what of ['read', 'report', 'queue', 'open', 'pools', 'keys'] as const) await this.take({ do: what })
    await this.take({ do: 'calls', limit: 100, before: undefined })
    await this.take({ do: 'audit', limit: 100, below: undefined })
  }

  async take(command: DeskCommand): Promise<void> {
    if (command.do === 'pass') {
      this.#now += command.ms
      await this.#at(this.#now)
    } else if (command.do === 'ask') {
      await this.#ask(command.pool)
    } else if (command.do === 'regrant') {
      await this.#regrant(command)
    } else {
      const [told, other] = [this.#told(command), await this.#otherTold(command)]
      expect(other, JSON.stringify(command)).toEqual(told)
    }
  }

  async #ask(pool: string): Promise<void> {
    const asked = this.#shares.get(pool)
    if (asked !== undefined && asked.until > this.#now) {
      asked.again = true
      expect(await this.#other.ask(pool)).toEqual({ is: 'under way' })
      return
    }
    this.#shares.set(pool, { until: this.#now + shareTimeoutMs, again: false })
    expect(await this.#other.ask(pool)).toEqual(this.#sql.ask(pool, this.#now))
  }

  async #regrant({ pool, tokens, sessions, as }: DeskCommand & { do: 'regrant' }): Promise<void> {
    const version = (this.#version += 2) - (tokens === 0 ? 3 : tokens === 6_000 ? 2 : 0) // some come late, some twice
    const grantOf = (amount: number) => ({ amount, version })
    const grant: PoolGrant = { epoch: start, ttlMs: leaseTtlMs, tokens: grantOf(tokens), sessions: grantOf(sessions) }
    const [taken, how] = [as === 'none' ? undefined : grant, as === 'none' ? 'answer' : as] as const
    const others = this.#shares.get(pool)?.again === true
    const again = as === 'answer' && others
    if (as !== 'word') this.#shares.set(pool, { until: 0, again: others })
    const { seated } = this.#sql.regrant(pool, taken, how, this.#now)
    this.#sql.advance(this.#now)
    expect(await this.#other.regrant(pool, taken, how)).toEqual({ seated, again })
  }

  #told(command: Told): unknown {
    const [sql, now] = [this.#sql, this.#now]
    switch (command.do) {
      case 'consider':
        return this.#decision(command, (offer) => sql.consider(offer, now))
      case 'admit':
        return this.#decision(command, (offer) => sql.admit(offer, now))
      case 'barred':
        return { refusal: sql.barred(offerOf(command.call, command.unserved), now) }
      case 'renew':
        return sql.renew(refOf(command.call), command.load, command.progress, now)
      case 'leave':
        return sql.leave(refOf(command.call), now)
      case 'remove':
        return sql.queue.remove(command.call, now)
      case 'debit':
        return sql.debit(
          refOf(command.call),
          [{ id: command.report, model: 'gpt-realtime', amounts: command.amounts }],
          command.progress,
          now,
        )
      case 'end':
        return sql.end(refOf(command.call), entriesOf(command), recordOf(command), now)
      case 'judge':
        return sql.judge(now)
      case 'affected':
        return affectedOf(sql.affected(now))
      case 'resume':
        return sql.resume(now)
      case 'sweep':
        return sql.sweep(now)
      case 'read':
        return sql.read(now)
      case 'report':
        return sql.report(now)
      case 'queue':
        return sql.queue.reading(now)
      case 'open':
        return sql.records.openCalls()
      case 'pools':
        return sql.pools()
      case 'keys':
        return sql.registry.keys()
      case 'audit':
        return sql.audit.list(command.limit, command.below)
      case 'calls':
        return sql.records.list(command.limit, command.before)
      case 'me': {
        const [reading, key] = [sql.read(now), sql.registry.keyByHash(command.hash)]
        if (reading === undefined || key === undefined) return { why: 'key_unknown' }
        return keyValid(key, now) ? { reading, key } : { why: 'key_revoked' }
      }
      case 'usage':
        return sql.usage.reading(this.#asked(command), now)
      case 'change': {
        const changed = sql.edits.change(command.change, now)
        sql.advance(now)
        return changed
      }
      case 'preview':
        return sql.edits.preview(command.change, now)
      case 'changeKey': {
        const changed = sql.edits.changeKey(command.key, command.change, now)
        if (changed !== undefined) sql.advance(now)
        return changed
      }
      case 'previewKey':
        return sql.edits.previewKey(command.key, command.change, now)
      case 'rotate':
        return this.#rotate(command)
      default:
        return this.#revoke(command.key, command.graceMs)
    }
  }

  #asked({ ask, backMs }: DeskCommand & { do: 'usage' }): UsageAsk {
    const at = this.#now - backMs
    return { ...ask, from: at + ask.from, until: at + ask.until }
  }

  #decision({ call, unserved }: Offering, decide: (offer: Offer) => Admission | undefined): unknown {
    const offer = offerOf(call, unserved)
    return this.#sql.decision(decide(offer), offer.pool, this.#now)
  }

  #revoke(id: string, graceMs: number): unknown {
    const key = this.#sql.edits.endKey(id, graceMs, this.#now)
    return key === undefined ? { why: 'thing_unknown', details: { kind: 'key', id } } : this.#ended(id, key, graceMs)
  }

  #rotate({ key: id, fresh, graceMs }: Rotating): unknown {
    const made = this.#sql.edits.rotateKey(id, freshKey(fresh), `hash of ${fresh}`, graceMs, this.#now)
    return 'why' in made ? made : this.#ended(id, made, graceMs)
  }

  #ended(id: string, key: Key, graceMs: number): unknown {
    this.#sql.advance(this.#now)
    const open = graceMs > 0 ? [] : this.#sql.records.openCalls().filter((call) => call.key === id)
    return { key, calls: open.map((call) => call.id) }
  }

  async #otherTold(command: Told): Promise<unknown> {
    const desk = this.#other
    switch (command.do) {
      case 'consider':
        return desk.consider(offerOf(command.call, command.unserved))
      case 'admit':
        return desk.admit(offerOf(command.call, command.unserved))
      case 'barred':
        return desk.barred(offerOf(command.call, command.unserved))
      case 'renew':
        return desk.renew(refOf(command.call), command.load, command.progress)
      case 'leave':
        return desk.leave(refOf(command.call))
      case 'remove':
        return desk.removeCaller(command.call)
      case 'debit':
        return desk.debit(
          refOf(command.call),
          [{ id: command.report, model: 'gpt-realtime', amounts: command.amounts }],
          command.progress,
        )
      case 'end':
        return desk.end(refOf(command.call), entriesOf(command), recordOf(command))
      case 'affected':
        return affectedOf(await desk.affected())
      case 'queue':
        return desk.queueReading()
      case 'open':
        return desk.openCalls()
      case 'audit':
        return desk.audit(command.limit, command.below)
      case 'calls':
        return desk.calls(command.limit, command.before)
      case 'me':
        return desk.me(command.hash)
      case 'usage':
        return desk.usage(this.#asked(command))
      case 'change':
        return desk.change(command.change)
      case 'preview':
        return desk.preview(command.change)
      case 'changeKey':
        return desk.changeKey(command.key, command.change)
      case 'previewKey':
        return desk.previewKey(command.key, command.change)
      case 'revoke':
        return desk.revokeKey(command.key, command.graceMs)
      case 'rotate': {
        const { key, fresh, graceMs } = command
        return desk.rotateKey(key, freshKey(fresh), `hash of ${fresh}`, graceMs)
      }
      default:
        return desk[command.do]()
    }
  }
}

function freshKey(id: string): FreshKey {
  return { id, hint: '…', created_at }
}

/** In the order of their ids. */
function affectedOf({ calls, refusal, spent }: Affected): Affected {
  return { calls: calls.toSorted(), refusal, spent: spent.toSorted((a, b) => (a.call < b.call ? -1 : 1)) }
}

function entriesOf({ call, report }: { call: string; report: string }) {
  return [{ id: report, model: 'm2', amounts: { input_audio: 100, output_text: Number(call.slice(1)) } }]
}

function recordOf({ why, liveMs }: DeskCommand & { do: 'end' }): CallRecord {
  const lost = lostRecord('m1', liveMs, 7)
  const by = why === 'hung_up' ? 'caller' : 'broker'
  const known = liveMs > 0 ? { firstAudioMs: 432, connectMs: 51, firstMinuteTokens: 4_321, firstReplyTokens: 700 } : {}
  return { ...lost, overheadMs: 3, ...known, outcome: { ...lost.outcome, by, why } }
}
