// What responses weigh, what of it is cached or cut, and what the organisation's limits make of it.

import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../sim/clock.ts'
import type { SimOptions } from '../../sim/options.ts'
import { Quota, spokenWait } from '../../sim/quota.ts'
import { type Sim, startSim } from '../../sim/server.ts'
import { recording } from '../../sim/voice.ts'
import { at, type Client, dial, type Event } from './client.ts'

let sim: Sim
let client: Client

async function call(options: SimOptions = {}): Promise<void> {
  sim = await startSim({ pace: 'burst', ...options })
  client = await dial(sim)
}

afterEach(async () => {
  expect(client.invalid).toEqual([])
  await sim.close()
})

function write(text: string): Promise<Event> {
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
  return client.ask({ type: 'conversation.item.create', item }, 'conversation.item.done')
}

function respond(response: Record<string, unknown> = {}): Promise<Event> {
  return client.ask({ type: 'response.create', response }, 'response.done')
}

/** Audio tokens of a recorded sentence. */
function clip(index: number): number {
  return Math.ceil(recording(index, 'audio/pcmu').length / 8 / 50)
}

/** 40 tokens of instructions, no tools. */
const PROMPT = { instructions: 'i'.repeat(160) }

describe('usage', () => {
  it('[L2] has exactly the fields of the spec, and cached tokens as a part of the input', async () => {
    await call({ says: ['a'.repeat(40)] })
    await client.configure({ ...PROMPT, output_modalities: ['text'] })
    await write('b'.repeat(80))
    const first = at(await respond(), 'response.usage')
    const output = 'You wrote: '.length + 80 + '. '.length + 81
    const text = Math.ceil(output / 4)
    expect(first).toEqual({
      total_tokens: 40 + 20 + text,
      input_tokens: 60,
      output_tokens: text,
      input_token_details: {
        text_tokens: 60,
        audio_tokens: 0,
        image_tokens: 0,
        cached_tokens: 0,
        cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
      },
      output_token_details: { text_tokens: text, audio_tokens: 0 },
    })
    await write('c'.repeat(40))
    const second = at(await respond(), 'response.usage.input_token_details')
    expect(second).toMatchObject({
      text_tokens: 60 + text + 10,
      cached_tokens: 60,
      cached_tokens_details: { text_tokens: 60 },
    })
  })

  it('[L2] weighs a caller at 10 tokens a second, a reply at 20 and its transcript, and carries both on', async () => {
    await call({ replySentences: 1 })
    await client.configure(PROMPT)
    client.say()
    const first = at(await client.next('response.done'), 'response.usage')
    const spoken = at(first, 'output_token_details')
    expect(at(spoken, 'audio_tokens')).toBe(clip(0))
    expect(at(spoken, 'text_tokens')).toBe(15)
    const heard = Number(at(first, 'input_token_details.audio_tokens'))
    expect(heard).toBeGreaterThan(28)
    expect(heard).toBeLessThan(36)
    client.say()
    const second = at(await client.next('response.done'), 'response.usage.input_token_details')
    expect(second).toMatchObject({
      text_tokens: 40 + 15,
      audio_tokens: heard + clip(0) + heard,
      cached_tokens_details: { text_tokens: 40, audio_tokens: heard },
    })
  })

  it('[SIM] loses the cache when the instructions change, and from a truncated item on', async () => {
    await call({ replySentences: 1 })
    await client.configure(PROMPT)
    await respond()
    await respond()
    const item = at(client.of('response.output_item.done')[0], 'item.id')
    const truncate = { type: 'conversation.item.truncate', item_id: item, content_index: 0, audio_end_ms: 500 }
    await client.ask(truncate, 'conversation.item.truncated')
    const cut = at(await respond(), 'response.usage.input_token_details')
    expect(at(cut, 'cached_tokens')).toBe(40)
    await client.configure({ instructions: 'other' })
    expect(at(await respond(), 'response.usage.input_token_details.cached_tokens')).toBe(0)
  })

  it('[SIM] keeps a list of every report that it sent', async () => {
    await call()
    await client.configure({ audio: { input: { transcription: { model: 'whisper-1' } } } })
    const reported = new Promise((resolve) => sim.once('report', resolve))
    client.say()
    await client.next('response.done')
    await reported
    expect(sim.reports.map((report) => report.kind).toSorted()).toEqual(['response', 'transcription'])
    expect(sim.reports.find((report) => report.kind === 'response')).toMatchObject({
      sessionId: sim.sessions[0]?.id,
      responseId: at(client.of('response.done')[0], 'response.id'),
      usage: at(client.of('response.done')[0], 'response.usage'),
    })
  })
})

describe('truncation', () => {
  it('[SIM] drops the oldest to the retention ratio once the limit is passed', async () => {
    await call({ says: ['r'] })
    const truncation = { type: 'retention_ratio', retention_ratio: 0.5, token_limits: { post_instructions: 100 } }
    await client.configure({ ...PROMPT, output_modalities: ['text'], truncation })
    for (let count = 0; count < 4; count++) await write('w'.repeat(100))
    const fits = await respond({ max_output_tokens: 1 })
    expect(at(fits, 'response.usage.input_tokens')).toBe(40 + 100)
    await write('w'.repeat(100))
    const cut = at(await respond({ max_output_tokens: 1 }), 'response.usage.input_tokens')
    expect(cut).toBeLessThanOrEqual(40 + 50)
  })

  it('[SIM] fails a response that does not fit where truncation is disabled', async () => {
    await call()
    await client.configure({ truncation: 'disabled', output_modalities: ['text'] })
    await write('w'.repeat(500_000))
    const done = await respond()
    expect(at(done, 'response.status')).toBe('failed')
    expect(at(done, 'response.status_details.error.code')).toBe('context_length_exceeded')
  })
})

describe('limits', () => {
  it('[SIM] refuses inside response.done when the minute is spent, names the wait, and then lets through', async () => {
    const clock = new ManualClock()
    await call({ tokensPerMinute: 10_000, clock, pingMs: 0 })
    await client.configure({ ...PROMPT, output_modalities: ['text'] })
    client.send({ type: 'response.create', response: { max_output_tokens: 9_000 } })
    await client.next('rate_limits.updated')
    const held = client.of('rate_limits.updated')[0]
    expect(at(held, 'rate_limits')).toEqual([{ name: 'tokens', limit: 10_000, remaining: 960, reset_seconds: 54.24 }])
    client.send({ type: 'response.create', response: { conversation: 'none', max_output_tokens: 2_500 } })
    const refused = await client.next('response.done')
    expect(at(refused, 'response')).toMatchObject({ status: 'failed', output: [] })
    expect(at(refused, 'response.status_details')).toEqual({
      type: 'failed',
      error: {
        type: 'tokens',
        code: 'rate_limit_exceeded',
        param: null,
        message: expect.stringMatching(
          /^Rate limit reached for gpt-realtime-2\.1 \(for limit gpt-realtime-2\.1\) in organization org-\w{24} on tokens per min \(TPM\): Limit 10000, Used 9040, Requested 25\d\d\. Please try again in 9\.\d+s\. /,
        ) as unknown,
      },
    })
    clock.advance(10_000)
    expect(at(await client.next('response.done'), 'response.status')).toBe('completed')
    await client.ask({ type: 'response.create', response: { max_output_tokens: 2_500 } }, 'rate_limits.updated')
    clock.advance(0)
    expect(at(await client.next('response.done'), 'response.status')).toBe('completed')
  })

  it('[SIM] counts requests too, and each organisation for itself', async () => {
    await call({ requestsPerMinute: 1, rateLimits: 'done' })
    expect(at(await respond(), 'response.status')).toBe('completed')
    const limits = at(await client.next('rate_limits.updated'), 'rate_limits')
    expect((limits as Event[]).map((limit) => limit['name'])).toEqual(['requests', 'tokens'])
    const refused = await respond()
    expect(at(refused, 'response.status_details.error.type')).toBe('requests')
    expect(at(refused, 'response.status_details.error.message')).toContain(
      'on requests per min (RPM): Limit 1, Used 1, Requested 1.',
    )
    const other = await dial(sim, { headers: { Authorization: 'Bearer sk-test', 'OpenAI-Organization': 'org-other' } })
    expect(at(await other.ask({ type: 'response.create' }, 'response.done'), 'response.status')).toBe('completed')
  })

  it('[SIM] computes the wait of a captured refusal to the millisecond', () => {
    const clock = new ManualClock()
    const quota = new Quota('org-x', { tokensPerMinute: 40_000, requestsPerMinute: null }, clock)
    expect(quota.reserve('m', 37_040)).toBeUndefined()
    expect(quota.reserve('m', 8_196)?.message).toContain(
      'Limit 40000, Used 37040, Requested 8196. Please try again in 7.854s.',
    )
    quota.settle(37_040, 1_000)
    expect(quota.reserve('m', 8_196)).toBeUndefined()
  })

  it.each([
    [174, '174ms'],
    [6_232, '6.232s'],
    [86_400, '1m26.4s'],
  ])('[SIM] writes a wait of %i ms as %s', (ms, text) => {
    expect(spokenWait(ms)).toBe(text)
  })
})
