// Upstreams as data: which serves a model, and the address to dial.
import { expect, test } from 'vitest'
import { dialUrl, modelsOf, upstreamFor, upstreamsOf, type UpstreamSpec } from '../../src/upstream.ts'

const spec: UpstreamSpec = {
  id: 'own',
  url: 'wss://voice.example/v1/realtime?model={model}',
  auth: 'bearer',
  secret: 'KEY',
  dialect: 'openai-ga',
  models: ['m1', 'm2'],
  pool: 'own',
  ceiling: { tokensPerMinute: 1_000, sessions: null },
  billing: 'tokens',
}
const [shipped] = upstreamsOf(undefined, undefined) as [UpstreamSpec]

test.each([
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-realtime-2',
  'gpt-realtime-1.5',
  'gpt-realtime',
  'gpt-realtime-mini',
])('[C4] the shipped upstream serves %s', (model) => expect(upstreamFor([shipped], model)?.id).toBe('openai'))

test.each(['', 'gpt-4o', 'GPT-REALTIME', 'constructor'])('[C4] nobody serves "%s"', (model) => {
  expect(upstreamFor([shipped], model)).toBeUndefined()
})

test('[P8] the first upstream that has the model serves it', () => {
  const second = { ...spec, id: 'second', models: ['m2', 'm3'] }
  expect(['m1', 'm2', 'm3'].map((model) => upstreamFor([spec, second], model)?.id)).toEqual(['own', 'own', 'second'])
  expect(modelsOf([spec, second])).toEqual(['m1', 'm2', 'm3'])
})

test('[C4] the model of the address is the one of the call', () => {
  expect(dialUrl(spec, 'm1', [])).toBe('wss://voice.example/v1/realtime?model=m1')
  expect(dialUrl(spec, 'a b&model=c', [])).toBe('wss://voice.example/v1/realtime?model=a%20b%26model%3Dc')
})

test("[R4] the caller's own parameters pass, in order, as they were", () => {
  const url = dialUrl(spec, 'm1', [
    ['a', '1'],
    ['a', 'x&model=y'],
    ['ü#', ''],
  ])
  expect([...new URL(url).searchParams]).toEqual([
    ['model', 'm1'],
    ['a', '1'],
    ['a', 'x&model=y'],
    ['ü#', ''],
  ])
})

test('[R4] parameters pass also where the address has the model in its path', () => {
  const inPath = { ...spec, url: 'wss://voice.example/{model}/realtime' }
  expect(dialUrl(inPath, 'm1', [['a', '1']])).toBe('wss://voice.example/m1/realtime?a=1')
  expect(dialUrl(inPath, 'm1', [])).toBe('wss://voice.example/m1/realtime')
})

test.each([
  ['ws://127.0.0.1:8788', 'ws://127.0.0.1:8788/v1/realtime?model=m'],
  ['ws://127.0.0.1:8788/', 'ws://127.0.0.1:8788/v1/realtime?model=m'],
  ['http://host', 'http://host/v1/realtime?model=m'],
  ['wss://host/own/path', 'wss://host/own/path?model=m'],
  ['wss://host/own/path?api=2', 'wss://host/own/path?api=2&model=m'],
  ['wss://host?api=2', 'wss://host/v1/realtime?api=2&model=m'],
  ['wss://host/own/path?', 'wss://host/own/path?model=m'],
  ['wss://host/d/{model}?x=1', 'wss://host/d/m?x=1'],
])('[R4] %s is completed to %s', (address, dialled) => {
  const [first] = upstreamsOf(undefined, address)
  expect(dialUrl(first ?? shipped, 'm', [])).toBe(dialled)
})

test('[P8] another address is for the first upstream alone', () => {
  const own = JSON.stringify([spec, { ...spec, id: 'second' }])
  const [first, second] = upstreamsOf(own, 'ws://host')
  expect([first?.url, second?.url]).toEqual(['ws://host/v1/realtime?model={model}', spec.url])
  expect(upstreamsOf('', '').map(({ id }) => id)).toEqual(['openai'])
})

test('[L3] an upstream bills tokens, unless it says that it bills time', () => {
  const { billing: _billing, ...unsaid } = spec
  const own = JSON.stringify([unsaid, { ...spec, billing: 'seconds' }])
  expect(upstreamsOf(own, undefined).map(({ billing }) => billing)).toEqual(['tokens', 'seconds'])
})

test.each([
  ['no list', '{}'],
  ['an empty list', '[]'],
  ['a field too many', JSON.stringify([{ ...spec, extra: 1 }])],
  ['a wrong scheme', JSON.stringify([{ ...spec, url: 'ftp://host/{model}' }])],
  ['no models', JSON.stringify([{ ...spec, models: [] }])],
  ['a billing by what nobody knows', JSON.stringify([{ ...spec, billing: 'hours' }])],
  ['no JSON', 'x'],
])('[P8] %s is refused when the host starts', (_what, own) => {
  expect(() => upstreamsOf(own, undefined)).toThrow(Error)
})

test('[P8] another address must be one', () =>
  expect(() => upstreamsOf(undefined, 'host:8788')).toThrow(/must start with/))
