// Deliveries of a desk beside everything else: at once, a few at a time, again after a crash; the host knows when the next is due.
import { beforeEach, expect, test, vi } from 'vitest'
import { Courier, Unsent, type Parcel } from '../../src/courier.ts'
import { DeskMail } from '../../src/desk-mail.ts'
import { newHook } from '../../src/hook-edits.ts'
import { webHmac } from '../../src/http/hmac.ts'
import { messageClaimMs, webhooksAtOnceOfDesk } from '../../src/limits.ts'
import { TenantSettings } from '../../src/plan-settings.ts'
import { SqlSteps } from '../../src/sql-steps.ts'
import { openSqlite } from '../stores/sqlite.ts'
import { eventually } from '../support/eventually.ts'

const start = Date.parse('2026-11-21T12:00:00.000Z')
const created_at = '2026-11-21T00:00:00.000Z'

interface Post {
  parcel: Parcel
  answer: (status: number | null) => void
}

/** One desk with an endpoint, and a receiver that the test answers for. */
class Scene {
  now = start
  readonly posts: Post[] = []
  readonly waits: (number | null)[] = []
  readonly faults: unknown[] = []
  readonly steps: SqlSteps
  readonly courier: Courier
  mail: DeskMail
  sent = 0
  readonly #works = new Set<Promise<unknown>>()

  constructor(atOnce?: number) {
    const { sql, transact } = openSqlite()
    this.steps = new SqlSteps('ten_1', sql, transact, { now: () => this.now, after: () => () => undefined })
    this.steps.create({ ...TenantSettings.parse({ name: 'Acme', plan: 'trial' }), id: 'ten_1', created_at })
    const post = (parcel: Parcel) =>
      new Promise<number>((resolve, reject) => {
        const answer = (status: number | null): void =>
          status === null ? reject(new Unsent('It is not there.')) : resolve(status)
        this.posts.push({ parcel, answer })
      })
    this.courier = new Courier({ now: () => this.now, hmac: webHmac, post }, atOnce)
    this.mail = this.life()
    this.hook('h1')
  }

  /** What a host does around the desk, as after a start of it. */
  life(): DeskMail {
    return new DeskMail(this.steps.mail, {
      now: () => this.now,
      courier: this.courier,
      chance: () => 0.5,
      waits: (afterMs) => this.waits.push(afterMs),
      sent: () => this.sent++,
      background: (work) => {
        const done = work.catch((error: unknown) => this.faults.push(error)).finally(() => this.#works.delete(done))
        this.#works.add(done)
      },
    })
  }

  hook(id: string): void {
    const settings = { url: `https://${id}.example/`, events: null, enabled: true }
    this.steps.mail.addHook(newHook(id, settings, 'whsec_AAAA', created_at))
  }

  put(id: string): void {
    const data = { tenant: 'ten_1', reason: 'burn_rate', usd_per_hour: 51 }
    this.steps.desk?.transact(() => this.steps.desk?.outbox.put({ id, type: 'tenant.suspended', data }, this.now))
  }

  /** Until so many posts are under way or over. */
  async posted(count: number): Promise<Post> {
    await eventually(
      async () => this.posts.length,
      (there) => there >= count,
    )
    for (let i = 0; i < 20; i++) await turn() // and no more than those
    expect(this.posts).toHaveLength(count)
    return this.posts[count - 1] as Post
  }

  async quiet(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works)
  }

  /** Whatever is posted has this answer, until nothing is under way: signing takes its time in another thread. */
  async answered(status: number): Promise<void> {
    while (this.#works.size > 0) {
      for (const post of this.posts) post.answer(status)
      await turn()
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

let scene: Scene
beforeEach(() => {
  scene = new Scene()
})

test('[A5] a message goes out as soon as the step that put it is over, signed, and is then done', async () => {
  scene.put('m1')
  const { parcel, answer } = await scene.posted(1)
  expect(parcel.url).toBe('https://h1.example/')
  expect(parcel.headers).toMatchObject({
    'webhook-id': 'm1',
    'webhook-timestamp': String(start / 1000),
    'content-type': 'application/json',
    'user-agent': 'Trunkline-Webhooks',
  })
  expect(JSON.parse(parcel.body)).toEqual({
    type: 'tenant.suspended',
    timestamp: '2026-11-21T12:00:00.000Z',
    data: { tenant: 'ten_1', reason: 'burn_rate', usd_per_hour: 51 },
  })
  answer(200)
  await scene.quiet()
  expect([scene.sent, scene.waits.at(-1), scene.faults]).toEqual([1, null, []])
})

test('[A5] a failure is tried again when its time has come, and the host is told when that is', async () => {
  scene.put('m1')
  ;(await scene.posted(1)).answer(500)
  await scene.quiet()
  expect(scene.waits.at(-1)).toBe(5_500)
  scene.now += 5_499
  scene.mail.send()
  await scene.quiet()
  expect(scene.posts).toHaveLength(1)
  scene.now += 1
  scene.mail.send()
  const again = await scene.posted(2)
  expect(again.parcel.body).toBe(scene.posts[0]?.parcel.body)
  expect(again.parcel.headers['webhook-id']).toBe('m1')
  again.answer(204)
  await scene.quiet()
  expect(scene.waits.at(-1)).toBeNull()
})

test('[A5] a receiver that cannot be reached is one that failed, and is said why', async () => {
  scene.put('m1')
  ;(await scene.posted(1)).answer(null)
  await scene.quiet()
  expect(scene.steps.mail.hooks()?.[0]?.state).toMatchObject({ status: null, error: 'It is not there.' })
  expect(scene.waits.at(-1)).toBe(5_500)
})

test(`[A5] of one desk ${webhooksAtOnceOfDesk} are under way at once; the others follow`, async () => {
  for (let i = 0; i < 10; i++) scene.put(`m${i}`)
  await scene.posted(webhooksAtOnceOfDesk)
  for (let i = 0; i < 6; i++) {
    scene.posts[i]?.answer(200)
    await scene.posted(webhooksAtOnceOfDesk + i + 1)
  }
  for (const post of scene.posts) post.answer(200)
  await scene.quiet()
  expect(new Set(scene.posts.map(({ parcel }) => parcel.headers['webhook-id']))).toEqual(
    new Set(Array.from({ length: 10 }, (_, i) => `m${i}`)),
  )
  expect(scene.waits.at(-1)).toBeNull()
})

test('[A5] all desks of a process together send so many at once, in the order in which they came', async () => {
  const { courier } = new Scene(2)
  const [first, second] = [await courier.slot(), await courier.slot()]
  const order: string[] = []
  const third = courier.slot().then((letGo) => {
    order.push('third')
    return letGo
  })
  const fourth = courier.slot().then((letGo) => {
    order.push('fourth')
    return letGo
  })
  await turn()
  expect(order).toEqual([])
  second()
  const letGo = await third
  await turn()
  expect(order).toEqual(['third'])
  first()
  ;(await fourth)()
  letGo()
  expect(order).toEqual(['third', 'fourth'])
  const free = [await courier.slot(), await courier.slot()]
  expect(free).toHaveLength(2)
})

test('[A5] calls go on while a receiver is silent: no step waits for it', async () => {
  scene.put('m1')
  await scene.posted(1)
  expect(scene.steps.read()?.tenant.id).toBe('ten_1')
  expect(scene.steps.mail.next()).toEqual({ is: 'none', afterMs: messageClaimMs })
  scene.posts[0]?.answer(200)
  await scene.quiet()
})

test('[A5] a host that dies between sending and noting it: the next life sends it again, with the same id', async () => {
  scene.put('m1')
  await scene.posted(1) // it arrives, and nobody lives to hear the answer
  expect(scene.waits).toEqual([messageClaimMs]) // what the next life is woken by
  scene.now += messageClaimMs
  scene.mail = scene.life()
  scene.steps.mail.wake()
  const again = await scene.posted(2)
  expect(again.parcel.headers['webhook-id']).toBe('m1')
  again.answer(200)
  scene.posts[0]?.answer(500) // late, of the life before: it changes nothing
  await scene.quiet()
  expect(scene.steps.mail.next()).toEqual({ is: 'none', afterMs: null })
})

test('[A5] an outcome that cannot be noted is a fault, and the message is sent again after a while', async () => {
  scene.put('m1')
  const { answer } = await scene.posted(1)
  const broken = new Error('the store is gone')
  vi.spyOn(scene.steps.mail, 'settle').mockImplementationOnce(() => {
    throw broken
  })
  answer(200)
  await scene.quiet()
  expect(scene.faults.splice(0)).toEqual([broken])
  scene.now += messageClaimMs
  scene.mail.send()
  ;(await scene.posted(2)).answer(200)
  await scene.quiet()
  expect(scene.steps.mail.next()).toEqual({ is: 'none', afterMs: null })
})

test('[A5] a message that comes while every lane is about to end is not left lying', async () => {
  for (let i = 0; i < webhooksAtOnceOfDesk; i++) scene.put(`m${i}`)
  await scene.posted(webhooksAtOnceOfDesk)
  for (const post of scene.posts) post.answer(200)
  for (let i = 0; i < 8; i++) {
    scene.put(`late${i}`) // each at another turn of their end
    scene.posts.at(-1)?.answer(200)
    await Promise.resolve()
  }
  await scene.answered(200)
  expect(scene.posts).toHaveLength(webhooksAtOnceOfDesk + 8)
})

test('[A5] a test goes the same way to an endpoint that is off, and tells what came of it', async () => {
  scene.steps.mail.changeHook('h1', { enabled: false })
  const outcome = scene.mail.test('ten_1', 'h1', 'msg_1')
  const { parcel, answer } = await scene.posted(1)
  expect(JSON.parse(parcel.body)).toEqual({
    type: 'webhook.test',
    timestamp: '2026-11-21T12:00:00.000Z',
    data: { tenant: 'ten_1', webhook: 'h1' },
  })
  answer(503)
  expect(await outcome).toEqual({ status: 503, error: 'It answered 503.' })
  expect(scene.steps.mail.hooks()?.[0]?.state).toMatchObject({ status: 503, at: start })
  expect(await scene.mail.test('ten_1', 'h9', 'msg_2')).toBeUndefined()
})
