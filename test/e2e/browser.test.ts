// Whole calls from the page that the Worker serves, in Chromium, with a microphone that plays a file.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { loudness, silence } from '../../sim/audio.ts'
import type { SimSession } from '../../sim/record.ts'
import { recording } from '../../sim/voice.ts'
import { startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { liveCaller } from '../support/caller.ts'
import { chromiumMissing, chromiumPath, chromiumRequired, launchChromium } from '../support/chromium.ts'
import { Gathering, at, type WireEvent } from '../support/gathering.ts'
import { expectAudio, expectBooked } from '../support/scenario.ts'
import { soonMs } from '../support/soon.ts'
import { wav } from '../support/wav.ts'

const there = chromiumPath !== undefined
if (!there && !chromiumRequired) console.warn(`\n${'!'.repeat(20)} ${chromiumMissing} ${'!'.repeat(20)}\n`)

const ms = (length: number): Buffer => silence('audio/pcm', length)
const said = (sentence: number): Buffer => recording(sentence, 'audio/pcm')
/** Two turns; the third begins while the second reply is being given. */
const speech = Buffer.concat([ms(1_000), said(1), ms(8_000), said(3), ms(1_600), said(5), ms(60_000)])

let broker: Broker
let browser: Browser
let dir: string
let tenant: MadeTenant
let page: Page
beforeAll(async () => {
  if (!there) return
  dir = await mkdtemp(join(tmpdir(), 'trunkline-microphone-'))
  await writeFile(join(dir, 'microphone.wav'), wav(speech))
  const hears = ['Good morning to you.', 'Please tell me more.', 'How is the weather in Lisbon?']
  broker = await startBroker({ pace: 2, latencyMs: 100, hears, recordFrames: true })
})
afterAll(async () => {
  if (!there) return
  await broker.close()
  await rm(dir, { recursive: true })
})
afterEach(async () => {
  if (there) await browser.close()
})

/** A page of its own, in a browser of its own: the microphone's file begins anew only there. */
async function open(wish: MadeTenant): Promise<Heard> {
  tenant = wish
  browser = await launchChromium(join(dir, 'microphone.wav'))
  page = await browser.newPage()
  const heard = new Heard(page)
  await page.goto(`${broker.url}/#key=${tenant.key}`)
  await page.getByTestId('source-microphone').check({ force: true })
  return heard
}

/** What crossed the browser's own socket. */
class Heard extends Gathering {
  readonly audio = new Map<string, Buffer[]>()
  readonly sent: WireEvent[] = []

  constructor(from: Page) {
    super()
    from.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => this.sent.push(JSON.parse(String(payload)) as WireEvent))
      socket.on('framereceived', ({ payload }) => {
        const event = JSON.parse(String(payload)) as WireEvent
        if (event.type === 'response.output_audio.delta') {
          const id = String(event['response_id'])
          this.audio.set(id, [...(this.audio.get(id) ?? []), Buffer.from(String(event['delta']), 'base64')])
        }
        this.take(event)
      })
    })
  }
}

function state(): Promise<string | null> {
  return page.getByTestId('call-state').getAttribute('data-phase')
}

test.runIf(!there && chromiumRequired)('[R5] a Chromium is there', () => {
  expect.fail(chromiumMissing)
})

test.runIf(there)(
  '[R5] a browser’s microphone: two turns, an interruption and a function call, billed as reported, until it hangs up',
  async () => {
    const heard = await open(await broker.tenant())
    await page.getByTestId('new-call').click()
    await heard.until(() => heard.of('session.updated').length > 0, 'the session')
    const session = broker.sim.sessions.at(-1) as SimSession
    await heard.until(() => heard.of('response.done').length === 4, 'four replies', 40_000)
    const transcripts = 'conversation.item.input_audio_transcription.completed'
    await heard.until(() => heard.of(transcripts).length === 3, 'three transcripts')

    const done = heard.of('response.done')
    expect(done.map((event) => at(event, 'response.status'))).toEqual([
      'completed',
      'cancelled',
      'completed',
      'completed',
    ])
    expect(at(done[2], 'response.output.0.name')).toBe('get_weather')
    expectAudio(heard, done)
    expectMicrophone(session, heard)

    // What its user sees.
    expect(await state()).toBe('live')
    const lines = page.getByTestId('transcript').locator('li')
    await lines.filter({ hasText: 'Please tell me more.' }).waitFor()
    await lines.filter({ hasText: '(interrupted)' }).waitFor()
    await lines.filter({ hasText: 'sunny' }).first().waitFor()
    const tokens = done.reduce((sum, event) => sum + (at(event, 'response.usage.output_tokens') as number), 0)
    expect(Number((await page.getByTestId('usage-output').textContent())?.replaceAll(/\D/g, ''))).toBe(tokens)
    expect(heard.sent.filter(({ type }) => type === 'conversation.item.truncate').length).toBeGreaterThan(0)

    await page.getByTestId('hang-up').click()
    expect(await session.ended()).toMatchObject({ by: 'client', code: 1000 })
    await expectBooked(broker, tenant, session, { by: 'caller', why: 'hung_up', code: 1000 })
    expect(await state()).toBe('ended')
  },
  90_000,
)

/** Real time, 24 kHz, and as loud as speech where there was speech. */
function expectMicrophone(session: SimSession, heard: Heard): void {
  const frames = session.raw.map((frame) => JSON.parse(frame.toString()) as WireEvent)
  const audio = frames.filter(({ type }) => type === 'input_audio_buffer.append').map((event) => String(event['audio']))
  const spoken = heard.sent.filter(({ type }) => type === 'input_audio_buffer.append').map((event) => event['audio'])
  // It goes on speaking: what was sent last has not come yet, or has come before the browser said that it was sent.
  const both = Math.min(audio.length, spoken.length)
  expect(Math.abs(audio.length - spoken.length)).toBeLessThanOrEqual(3)
  expect(audio.slice(0, both)).toEqual(spoken.slice(0, both))
  const pcm = Buffer.concat(audio.map((piece) => Buffer.from(piece, 'base64')))
  expect(loudness(pcm, 'audio/pcm')).toBeGreaterThan(300)
  const speechMs = heard.of('input_audio_buffer.speech_stopped').map((event) => event['audio_end_ms'] as number)
  expect(pcm.length / 48).toBeGreaterThan(speechMs.at(-1) as number)
}

test.runIf(there)(
  '[R5] a clean end from the provider’s side: the page says that the call is over',
  async () => {
    const heard = await open(await broker.tenant())
    await page.getByTestId('new-call').click()
    await heard.until(() => heard.of('response.done').length === 1, 'a reply', 20_000)
    const session = broker.sim.sessions.at(-1) as SimSession
    session.fault('close,code=1000')
    await page.locator('[data-testid=call-state][data-phase=ended]').waitFor()
    await expectBooked(broker, tenant, session, { by: 'upstream', why: 'finished', code: 1000 })
  },
  60_000,
)

test.runIf(there)(
  '[G8] a call too many: the page tells why, code and sentence, and the next is let in',
  async () => {
    const heard = await open(await broker.tenant({ caps: { lines: 1 }, overflow: 'event' }))
    const first = await liveCaller(broker.wsUrl, tenant.key)
    await page.getByTestId('new-call').click()
    await page.getByTestId('refusal').waitFor()
    expect(await page.getByTestId('error-code').textContent()).toBe('concurrent_calls_exceeded')
    expect(await page.getByTestId('error-message').textContent()).toContain('All 1 lines of this tenant are on a call.')
    await page.getByTestId('close-code').waitFor()
    expect(await page.getByTestId('close-code').textContent()).toContain('1013')
    await first.hangUp()
    const since = performance.now()
    await page.getByTestId('new-call').click()
    await heard.until(() => heard.of('session.created').length === 1, 'a session')
    expect(performance.now() - since).toBeLessThan(soonMs)
    await page.getByTestId('hang-up').click()
    await broker.quiet(tenant)
  },
  60_000,
)
