// What a live call's app is told of a budget.
import { expect, test } from 'vitest'
import { budgetNotice } from '../../src/budget-notice.ts'

const ends = Date.parse('2026-12-01T00:00:00.000Z')

test.each([
  ['tokens', 100_000, 80_000, 'tokens', 100_000, 80_000, 0.8],
  ['input', 50_000, 40_000, 'input tokens', 50_000, 40_000, 0.8],
  ['output', 25_000, 20_001, 'output tokens', 25_000, 20_001, 0.8],
  ['micro_usd', 5_000_000, 4_250_000, 'US dollars', 5, 4.25, 0.85],
  ['live_ms', 6_000_000, 4_800_500, 'live minutes', 100, 80.008333, 0.8001],
  ['tts_characters', 9, 8, 'TTS characters', 9, 8, 0.8889],
] as const)('[L6] of %s, in the unit in which it is set', (account, amount, used, of, limit, shown, share) => {
  expect(budgetNotice({ window: 'month', account, amount }, used, ends)).toEqual({
    type: 'trunkline.budget.warning',
    window: 'month',
    of,
    limit,
    used: shown,
    share,
    resets_at: '2026-12-01T00:00:00.000Z',
  })
})
