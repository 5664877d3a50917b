// What the Worker makes of the prices that it is told, in workerd.
import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'
import { upstreamsOf } from '../../src/upstream.ts'
import { prices, upstreams } from '../../worker/env.ts'

const rate = { input: 1, cached: 1, output: 1 }
const [openai] = upstreamsOf(undefined, undefined)
const own = JSON.stringify([{ ...openai, models: ['own'] }])

test('[L3] prices with a hole are thrown at whoever asks first, with model and column', () => {
  const bad = { ...env, TRUNKLINE_PRICES: '{"own":{"audio":{"input":1,"cached":1}},"none":{}}' }
  for (const ask of [prices, upstreams]) {
    expect(() => ask(bad)).toThrow(
      /^TRUNKLINE_PRICES: "own" audio\.output is missing: give .*\.\nTRUNKLINE_PRICES: "none"/,
    )
  }
})

test('[L3] prices are read once, and models without one are named once in an isolate', () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const told = { ...env, TRUNKLINE_PRICES: JSON.stringify({ own: { text: rate } }), TRUNKLINE_UPSTREAMS: own }
  expect(prices(told).get('own')).toEqual({ text: rate })
  expect(prices(told)).toBe(prices(told))
  expect(prices({ ...told }).get('own')).toEqual({ text: rate })
  expect(prices(env).get('own')).toBeUndefined()
  expect(warned.mock.calls).toEqual([[expect.stringContaining('"models":[{"model":"own",')]])
  warned.mockRestore()
})
