// What a full tenant's page shows, in Chromium: a place in the queue and its line, an apology, what is left of a budget and that it is spent.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silence } from '../../sim/audio.ts'
import lines from '../../src/lines.json' with { type: 'json' }
import { startBroker, type Broker } from '../support/broker.ts'
import { chromiumPath, launchChromium } from '../support/chromium.ts'
import { Gathering, at, type WireEvent } from '../support/gathering.ts'
import { wav } from '../support/wav.ts'

const there = chromiumPath !== undefined
/** Where pictures are kept for somebody to look at; unset, none are taken. */
const pictures = process.env['TRUNKLINE_PICTURES']

let broker: Broker
let browser: Browser
let dir: string
beforeAll(async () => {
  if (!there) return
  dir = await mkdtemp(join(tmpdir(), 'trunkline-queue-'))
  await writeFile(join(dir, 'microphone.wav'), wav(silence('audio/pcm', 1_000)))
  broker = await startBroker({ pace: 2, latencyMs: 100 })
  browser = await launchChromium(join(dir, 'microphone.wav'))
})
afterAll(async () => {
  if (!there) return
  await browser.close()
  await broker.close()
  await rm(dir, { recursive: true })
})

/** What crosses each socket of the page, in the order in which they were opened. */
function listen(page: Page): Gathering[] {
  const calls: Gathering[] = []
  page.on('websocket', (socket) => {
    const heard = new Gathering()
    calls.push(heard)
    socket.on('framereceived', ({ payload }) => heard.take(JSON.parse(String(payload)) as WireEvent))
  })
  return calls
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

function phase(card: Locator, is: string): Promise<void> {
  return card.locator(`[data-testid=call-state][data-phase=${is}]`).waitFor()
}

test.runIf(there)(
  '[H1] [R5] three calls on the page at a cap of two: the third is told its place, hears the line, is put through',
  async () => {
    const tenant = await broker.tenant({ caps: { lines: 2 } })
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } })
    const calls = listen(page)
    await page.goto(`${broker.url}/#key=${tenant.key}`)
    const cards = page.getByTestId('call-card')
    for (const number of [1, 2, 3]) {
      await page.getByTestId('new-call').click()
      await phase(cards.filter({ hasText: `Call ${number}` }), number < 3 ? 'live' : 'waiting')
    }
    const [first, third] = [cards.filter({ hasText: 'Call 1' }), cards.filter({ hasText: 'Call 3' })]
    const heard = calls[2] as Gathering
    await third.getByText('Place 1 in the queue.').waitFor()
    await third.getByTestId('transcript').getByText(lines.en.joined.text).waitFor()
    await page.waitForFunction(
      (testid) => [...document.querySelectorAll<HTMLMeterElement>(testid)].at(-1)!.value > 0.05,
      '[data-testid=call-card] [data-testid=level-in]',
    )
    await picture(page, 'waiting')
    await heard.until(() => heard.of('response.done').length === 1, 'the whole line')

    await first.getByTestId('hang-up').click()
    await phase(third, 'live')
    await picture(page, 'put-through')
    expect(heard.of('session.created')).toHaveLength(1)
    expect(heard.of('error')).toEqual([])
    expect(await broker.lines(tenant)).toMatchObject({ live: 2, waiting: 0 })
    for (const card of [third, cards.filter({ hasText: 'Call 2' })]) await card.getByTestId('hang-up').click()
    await broker.quiet(tenant, 2_000)
  },
  60_000,
)

test.runIf(there)(
  '[H5] [R5] a call on the page whose patience is over: the apology is read and heard, then the page says why',
  async () => {
    const tenant = await broker.tenant({ caps: { lines: 0 }, hold: { patienceSeconds: 0 } })
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } })
    const calls = listen(page)
    await page.goto(`${broker.url}/#key=${tenant.key}`)
    await page.getByTestId('new-call').click()
    const card = page.getByTestId('call-card')
    await card.getByTestId('transcript').getByText(lines.en.sorry.text).waitFor()
    await picture(page, 'apology')
    await card.getByTestId('refusal').waitFor()
    expect(await card.getByTestId('error-code').textContent()).toBe('queue_timeout')
    await card.getByTestId('close-code').waitFor()
    expect(await card.getByTestId('close-code').textContent()).toContain('1013')
    await picture(page, 'sent-away')
    expect(calls).toHaveLength(1) // it does not come back by itself
  },
  60_000,
)

test.runIf(there)(
  '[L6] [L9] budgets on the page: what is left, that much of one is used, that it is spent and the call is over',
  async () => {
    const tenant = await broker.tenant({ plan: 'scale', budgets: { tokensPerHour: 1_000_000 } })
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } })
    const calls = listen(page)
    await page.goto(`${broker.url}/#key=${tenant.key}`)
    const budget = page.getByTestId('budget').filter({ hasText: 'Tokens this hour' })
    await budget.getByText('1,000,000 of 1,000,000 left').waitFor()
    const card = page.getByTestId('call-card')
    await page.getByTestId('new-call').click()
    await phase(card, 'live')
    const heard = calls[0] as Gathering
    await heard.until(() => heard.of('response.done').length === 1, 'a reply', 20_000)
    const used = at(heard.of('response.done')[0], 'response.usage.total_tokens') as number
    const limit = (tokens: number): Promise<unknown> =>
      broker.admin('PATCH', `/tenants/${tenant.id}`, { budgets: { tokensPerHour: tokens } })

    await limit(Math.floor(used / 0.85))
    await card.getByTestId('notice').getByText('trunkline.budget.warning').waitFor()
    await page.locator('[data-testid=budget][data-state=warned]').waitFor()
    await budget.getByText(/^(8[5-9]|9\d) % used\.$/).waitFor()
    await picture(page, 'budget-warned')

    await limit(used)
    await card.getByTestId('error-code').getByText('budget_exhausted').waitFor()
    await page.locator('[data-testid=budget][data-state=spent]').waitFor()
    await budget.getByText(`0 of ${used.toLocaleString('en-US')} left`).waitFor()
    await picture(page, 'budget-spent')
    await broker.quiet(tenant, 5_000)
  },
  60_000,
)
