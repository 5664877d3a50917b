// What a host does around a desk: its beat, its words to pools and to those who wait, whatever does not answer. On node:sqlite.
import { beforeEach, expect, test } from 'vitest'
import { Courier, Unsent } from '../../src/courier.ts'
import { lostRecord } from '../../src/desk-counts.ts'
import { DeskLife } from '../../src/desk-life.ts'
import { newHook } from '../../src/hook-edits.ts'
import {
  heartbeatMs,
  leaseTtlMs,
  learningMs,
  messageRetriesMs,
  messageRetryJitter,
  queueAliveMs,
  shareMs,
  shareTimeoutMs,
  tickAgainMs,
  tickStepMs,
} from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import type { CallRef, Offer, PoolGrant, TickAnswer } from '../../src/ports.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { openSqlite, type Store } from '../stores/sqlite.ts'
import { grantOf } from '../support/grants.ts'
import { entry, still } from '../support/words.ts'
import { HandClock, settle } from './host.ts'

const created_at = '2026-11-21T00:00:00.000Z'
const never = new Promise<never>(() => undefined)

/** One tenant with one line, and a host whose pools and calls answer as the test says. */
class Scene {
  readonly clock = new HandClock(Date.parse('2026-11-21T12:00:00.000Z'))
  readonly store: Store = openSqlite()
  readonly steps: SqlSteps
  readonly life: DeskLife
  readonly silent = new Set<string>()
  readonly lost = new Set<string>()
  readonly reports: string[] = []
  readonly shares: string[] = []
  readonly ticked: string[] = []
  readonly woken: string[] = []
  readonly faults: string[] = []
  readonly armed: number[] = []
  posts = 0
  /** Whether the alarm comes by itself. */
  alarms = false
  #cancelAlarm: { at: number; cancel: () => void } | undefined
  #grants = 0

  constructor() {
    this.steps = new SqlSteps('ten_1', this.store.sql, this.store.transact, this.clock)
    const own = TenantSettings.parse({ name: 'Acme', plan: 'starter', caps: { lines: 1 } })
    this.steps.create({ ...own, id: 'ten_1', created_at })
    const times = { created_at, expires_at: null, revoked_at: null }
    this.steps.addKey({ id: 'k1', name: 'k1', lines: null, headStartSeconds: 0, hint: '…', ...times }, 'hash')
    this.life = new DeskLife(this.steps, {
      clock: this.clock,
      pools: {
        share: (pool) => this.#heard(this.shares, pool, (): PoolGrant => grantOf(1e9, 1e6, ++this.#grants)),
        report: (pool) => this.#heard(this.reports, pool, () => undefined),
      },
      wake: (call) => this.#heard(this.woken, call, () => undefined),
      tick: (call) => this.#heard(this.ticked, call, () => this.waits()),
      tell: async () => undefined,
      alert: () => undefined,
      background: (work) => void work,
      busy: () => this.steps.busy(),
      arm: (afterMs) => this.#arm(afterMs),
      courier: new Courier({ now: () => this.clock.now(), hmac: async () => '', post: () => this.#unsent() }),
      chance: () => 0.5,
      fault: (error) => this.faults.push(String(error)),
    })
  }

  async #heard<T>(by: string[], name: string, answer: () => T): Promise<T> {
    by.push(name)
    if (this.lost.has(name)) throw new Error(`lost: ${name}`)
    return this.silent.has(name) ? never : answer()
  }

  #unsent(): Promise<number> {
    this.posts++
    return Promise.reject(new Unsent('It is not there.'))
  }

  /** Sooner than what is set, never later. */
  #arm(afterMs: number): void {
    this.armed.push(afterMs)
    const at = this.clock.now() + afterMs
    if (!this.alarms || (this.#cancelAlarm !== undefined && this.#cancelAlarm.at <= at)) return
    this.#cancelAlarm?.cancel()
    const cancel = this.clock.after(afterMs, () => {
      this.#cancelAlarm = undefined
      void this.life.alarm()
    })
    this.#cancelAlarm = { at, cancel }
  }

  waits(): TickAnswer {
    return { is: 'waits', at: this.clock.now() + queueAliveMs, newsAt: this.clock.now() }
  }

  offer(call: string, pool = 'openai'): Offer {
    const asks = { model: 'm', models: ['m'], agent: null, caller: null, unserved: null, pool }
    return { call, tenant: 'ten_1', keyHash: 'hash', ...asks }
  }

  async enter(call: string, pool?: string): Promise<string> {
    const admission = this.life.admit(this.offer(call, pool))
    await this.passes(shareMs)
    return (await admission).is
  }

  async passes(ms: number): Promise<void> {
    this.clock.pass(ms)
    await settle()
  }

  ref(call: string): CallRef {
    return { call, tenant: 'ten_1', key: 'k1', agent: null, caller: null, model: 'm', pool: 'openai' }
  }

  async end(call: string): Promise<void> {
    await this.life.end(this.ref(call), [], lostRecord('m', 1))
    await settle()
  }

  /** Whether the alarm is over after so long: only one runs at a time. */
  async alarm(withinMs: number): Promise<boolean> {
    let over = false
    void this.life.alarm().then(() => (over = true))
    await settle()
    await this.passes(withinMs)
    return over
  }
}

let scene: Scene
beforeEach(() => {
  scene = new Scene()
  return () => scene.store.close()
})

test('[H3] [P10] a pool that is silent holds up neither the alarm of those who wait nor another pool', async () => {
  expect([await scene.enter('live', 'other'), await scene.enter('waits')]).toEqual(['granted', 'queued'])
  await scene.alarm(0)
  scene.silent.add('openai')
  for (let round = 0; round < 5; round++) {
    scene.reports.length = 0
    await scene.passes(queueAliveMs + 1_000)
    expect(await scene.alarm(shareMs)).toBe(true)
    expect(scene.ticked).toHaveLength(round + 1)
    expect(scene.reports).toContain('other')
  }
  expect(scene.armed.at(-1)).toBeLessThanOrEqual(heartbeatMs)
})

test('[M1] a report that a pool does not take in is given up after a while, said, and the next one is sent', async () => {
  await scene.enter('live')
  scene.silent.add('openai')
  await scene.alarm(0)
  await scene.alarm(shareTimeoutMs - 1)
  expect([scene.reports, scene.faults.length]).toEqual([['openai'], 0]) // none overtakes another
  await scene.passes(shareTimeoutMs)
  expect(scene.faults).toContain('Error: the pool does not answer')
  scene.silent.clear()
  await scene.alarm(shareMs)
  expect(scene.reports).toEqual(['openai', 'openai'])
})

test('[H7] a waiting call that does not answer its tick holds up no other', async () => {
  await scene.enter('live')
  for (const call of ['a', 'b']) await scene.enter(call)
  scene.silent.add('a')
  await scene.passes(queueAliveMs + 1_000)
  expect(await scene.alarm(shareMs)).toBe(true)
  await scene.passes(queueAliveMs + 1_000)
  await scene.alarm(shareMs)
  expect(scene.ticked.filter((call) => call === 'b')).toHaveLength(2)
})

test('[G6] a call that did not hear that it was seated is told so again, until it has heard it', async () => {
  await scene.enter('live')
  for (const call of ['a', 'b']) await scene.enter(call)
  scene.lost.add('a')
  scene.woken.length = 0
  await scene.end('live')
  expect([scene.woken, scene.faults]).toEqual([['a'], ['Error: lost: a']])
  const soon = tickAgainMs + tickStepMs
  expect(scene.armed.at(-1)).toBeLessThanOrEqual(soon)
  await scene.passes(soon)
  await scene.alarm(0)
  scene.lost.clear()
  await scene.passes(soon)
  await scene.alarm(0)
  expect(scene.woken).toEqual(['a', 'a', 'a'])
  await scene.passes(soon)
  await scene.alarm(0)
  expect(scene.woken).toHaveLength(3)
})

test('[P9] [M1] a tenant with a reply a second is on /metrics within one, and speaks to its pool with the heartbeat alone', async () => {
  scene.alarms = true
  await scene.enter('live')
  await scene.passes(heartbeatMs)
  for (const heard of [scene.shares, scene.reports]) heard.length = 0
  for (let second = 1; second <= 30; second++) {
    await scene.life.debit(scene.ref('live'), [entry(`reply ${second}`, { output_text: 9 })], still)
    await scene.passes(1_000)
    expect(scene.reports.length).toBeGreaterThanOrEqual(second)
  }
  expect(scene.shares.length).toBeGreaterThanOrEqual(2)
  expect(scene.shares.length).toBeLessThanOrEqual(4)
})

test('[P9] a desk where nobody says anything goes on beating while a call is open, also when the clock went back', async () => {
  scene.alarms = true
  await scene.enter('live')
  await scene.passes(1_000)
  scene.shares.length = 0
  for (let beat = 1; beat <= 3; beat++) {
    await scene.life.renew(scene.ref('live'), null, still)
    await scene.passes(heartbeatMs)
    expect(scene.shares).toHaveLength(beat)
  }
  scene.clock.back(3_600_000)
  await scene.life.alarm()
  expect(scene.shares).toHaveLength(4)
})

test('[M1] what is new while a report is under way is told after it', async () => {
  scene.alarms = true
  await scene.enter('live')
  await scene.passes(heartbeatMs)
  scene.silent.add('openai')
  await scene.life.debit(scene.ref('live'), [entry('reply 1', { output_text: 9 })], still)
  await scene.passes(1_000)
  await scene.life.debit(scene.ref('live'), [entry('reply 2', { output_text: 9 })], still)
  scene.reports.length = 0
  await scene.passes(1_000)
  expect(scene.reports).toEqual([])
  scene.silent.clear()
  await scene.passes(shareTimeoutMs - 1_000)
  await scene.passes(1_000)
  expect(scene.reports).toEqual(['openai'])
})

test('[A5] a message that is due between two beats is sent when it is due', async () => {
  scene.alarms = true
  scene.steps.mail.addHook(
    newHook('h1', { url: 'https://h1.example/', events: null, enabled: true }, 'whsec_AAAA', created_at),
  )
  for (const call of ['first', 'live']) await scene.enter(call)
  await scene.passes(heartbeatMs)
  await scene.end('first')
  await scene.passes(0)
  expect(scene.posts).toBe(1)
  const [firstMs = 0] = messageRetriesMs
  await scene.passes(firstMs * (1 + messageRetryJitter))
  expect([scene.posts, firstMs * (1 + messageRetryJitter) < heartbeatMs]).toEqual([2, true])
})

test.each([
  { are: 'are there', says: true, woken: [] },
  { are: 'are not there', says: false, woken: ['next'] },
])(
  '[G10] after a silence in which lines ran out nobody is let in until those who $are had time to say so',
  async ({ says, woken }) => {
    await scene.enter('live')
    await scene.passes(heartbeatMs)
    await scene.life.renew(scene.ref('live'), null, still)
    scene.woken.length = 0
    scene.clock.pass(leaseTtlMs + 1_000) // no alarm, no call: the desk could not be reached
    expect(await scene.enter('next')).toBe('queued')
    if (says) await scene.life.renew(scene.ref('live'), null, still)
    await scene.passes(learningMs - shareMs - 1)
    await scene.life.beat()
    await settle()
    expect(scene.woken).toEqual([])
    await scene.passes(1)
    await scene.life.beat()
    await settle()
    expect(scene.woken).toEqual(woken)
  },
)

test('[G10] a new life of its host learns of lines that ran out before it, not of those that it ends itself', async () => {
  await scene.enter('live')
  await scene.life.renew(scene.ref('live'), null, still)
  scene.clock.pass(leaseTtlMs + 1)
  const again = (): SqlSteps => new SqlSteps('ten_1', scene.store.sql, scene.store.transact, scene.clock)
  const [late, own] = [again(), again()]
  expect(late.admit(scene.offer('next')).admission.is).toBe('queued')
  late.leave(scene.ref('next'))
  own.hear()
  expect(own.admit(scene.offer('next')).admission.is).toBe('granted')
})
