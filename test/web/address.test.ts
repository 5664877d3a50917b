// Keys, addresses, the account and the page's own functions: text in, text out.
import { expect, test } from 'vitest'
import { accountOf } from '../../web/account.ts'
import { isPossibleKey, keyFromAddress, keyHint, protocolsFor, realtimeUrl } from '../../web/address.ts'
import { clock, closeSentence, dollars, microphoneSentence } from '../../web/sentences.ts'
import { answerTool } from '../../web/tools.ts'
import { parseEvent } from '../../web/wire-event.ts'

test('[WEB] the key is read from the fragment, and the address forgets it', () => {
  expect(keyFromAddress('http://localhost:8787/#key=tl_abc')).toEqual({
    key: 'tl_abc',
    cleaned: 'http://localhost:8787/',
  })
  expect(keyFromAddress('http://h/?a=1#key=tl_abc&b=2').cleaned).toBe('http://h/?a=1#b=2')
  expect(keyFromAddress('http://h/?a=1')).toEqual({ key: undefined, cleaned: 'http://h/?a=1' })
  expect(keyFromAddress('http://h/#key=')).toEqual({ key: undefined, cleaned: 'http://h/' })
})

test('[WEB] the call goes to the page’s own host, with TLS when the page has it', () => {
  expect(realtimeUrl('http://localhost:8787', 'gpt-realtime-2.1')).toBe(
    'ws://localhost:8787/v1/realtime?model=gpt-realtime-2.1',
  )
  expect(realtimeUrl('https://broker.example', 'm')).toBe('wss://broker.example/v1/realtime?model=m')
})

test('[WEB] the key travels as a sub-protocol, and one that cannot is turned down', () => {
  expect(protocolsFor('tl_abc')).toEqual(['realtime', 'openai-insecure-api-key.tl_abc'])
  expect(['tl_abc-1', 'a b', 'a,b', 'clé', ''].map(isPossibleKey)).toEqual([true, false, false, false, false])
})

test('[WEB] a hint shows too little of a key to use it', () => {
  expect(keyHint('tl_live_abcdefghijkl')).toBe('tl_l…ijkl')
  expect(keyHint('short')).toBe('••••')
})

test('[WEB] what the broker does not tell about the tenant is not invented', () => {
  const day = { live_ms: 9, input_text: 5, input_audio: 7, cached_text: 4, output_audio: 8, micro_usd: 720 }
  const body = { tenant: { id: 'ten_1', plan: 'trial' }, lines: { live: 1, cap: 2 }, usage: { day } }
  const account = { name: 'ten_1', plan: 'trial', live: 1, cap: 2, tokensToday: 20, microUsdToday: 720 }
  expect(accountOf(body)).toEqual({ ...account, budgets: [] })
  expect(accountOf({ lines: { cap: 2 } })).toMatchObject({ cap: 2, live: undefined, tokensToday: undefined })
  const { budgets, ...others } = accountOf('nonsense')
  expect(budgets).toEqual([])
  expect(Object.values(others).every((value) => value === undefined)).toBe(true)
})

test('[WEB] a function is answered whatever its arguments are', () => {
  const now = new Date('2026-11-21T12:30:00Z')
  expect(JSON.parse(answerTool('get_time', '{"city":"Delhi","time_zone":"Asia/Kolkata"}', now))).toMatchObject({
    time: '18:00',
  })
  expect(JSON.parse(answerTool('get_time', '{"time_zone":"Nowhere"}', now))).toMatchObject({
    time: '12:30',
    time_zone: 'UTC',
  })
  expect(JSON.parse(answerTool('get_weather', 'not json', now))).toMatchObject({ city: 'unknown' })
  expect(JSON.parse(answerTool('launch', '{}', now))).toHaveProperty('error')
})

test('[WEB] frames that are not events are passed over', () => {
  expect(parseEvent('{"type":"a","x":1}')).toEqual({ type: 'a', x: 1 })
  for (const frame of ['{', '1', 'null', '{"type":1}', new ArrayBuffer(2)]) expect(parseEvent(frame)).toBeUndefined()
})

test('[WEB] sentences: clocks, sums, closes, microphones', () => {
  expect([clock(7_900), clock(750_000), clock(3_723_000)]).toEqual(['0:07', '12:30', '1:02:03'])
  expect([dollars(0), dollars(7_205), dollars(2_340_000)]).toEqual(['$0.00', '$0.0072', '$2.34'])
  expect(closeSentence(1013, 'queue_full')).toBe('Close code 1013 (no line free now, try later): queue_full')
  expect(closeSentence(4_999, '')).toBe('Close code 4999')
  expect(microphoneSentence('NotAllowedError')).toMatch(/does not let this page use the microphone/)
})
