// The Realtime door: upgrades as stock clients and browsers send them.
import { beforeAll, describe, expect, test } from 'vitest'
import { presentedKey, readArrival, type Arrival } from '../../src/http/door.ts'
import { sha256 } from '../../broker/sha256.ts'
import { makeKey } from '../../src/http/key.ts'
import type { Refusal } from '../../src/refusal.ts'
import { upstreamsOf } from '../../src/upstream.ts'

const tenant = 'ten_0193a1b2c3d4e5f60718293a4b5c6d7e'
const model = 'gpt-realtime-2.1'
const upstreams = upstreamsOf(undefined, undefined)
let key = ''
let other = ''

beforeAll(async () => {
  key = (await makeKey(tenant, sha256)).key
  other = (await makeKey(tenant, sha256)).key
})

interface Sent {
  header?: string
  protocols?: string
  query?: string
  headers?: Record<string, string>
}

async function arrive({
  header,
  protocols,
  query = `?model=${model}`,
  headers = {},
}: Sent): Promise<Arrival | Refusal> {
  const request = new Request(`https://broker.example/v1/realtime${query}`, {
    headers: {
      upgrade: 'websocket',
      ...(header !== undefined && { authorization: header }),
      ...(protocols !== undefined && { 'sec-websocket-protocol': protocols }),
      ...headers,
    },
  })
  return readArrival(request, 'call_1', upstreams, sha256)
}

async function comes(sent: Sent): Promise<Arrival> {
  const arrival = await arrive({ header: `Bearer ${key}`, ...sent })
  if ('why' in arrival) throw new Error(arrival.why)
  return arrival
}

async function refused(sent: Sent): Promise<string> {
  const arrival = await arrive(sent)
  return 'why' in arrival ? arrival.why : 'let in'
}

describe('the key', () => {
  test('[R4] comes in the header', async () => {
    const { offer, protocol } = await comes({})
    expect(offer).toMatchObject({
      call: 'call_1',
      tenant,
      keyHash: await sha256(key),
      model,
      agent: null,
      unserved: null,
      pool: 'openai',
    })
    expect(protocol).toBeNull()
  })

  test('[R4] comes as a sub-protocol from a browser, and is never echoed', async () => {
    const arrival = await arrive({ protocols: `realtime, openai-insecure-api-key.${key}` })
    expect(arrival).toMatchObject({ offer: { keyHash: await sha256(key) }, protocol: 'realtime' })
    expect(await arrive({ protocols: `openai-insecure-api-key.${key}` })).toMatchObject({ protocol: null })
  })

  test('[K1] does not stand in the offer', async () => {
    expect(JSON.stringify(await comes({ protocols: `realtime,openai-insecure-api-key.${key}` }))).not.toContain(key)
  })

  test('[R4] may come both ways, if it is one', async () => {
    expect(await comes({ protocols: `realtime, openai-insecure-api-key.${key}` })).toMatchObject({
      protocol: 'realtime',
    })
    expect(await refused({ header: `Bearer ${key}`, protocols: `openai-insecure-api-key.${other}` })).toBe('key_twice')
  })

  test('[R4] is one also among the sub-protocols', async () => {
    const both = `openai-insecure-api-key.${key}, openai-insecure-api-key.${other}`
    expect(await refused({ protocols: both })).toBe('key_twice')
    expect(await refused({ header: `Bearer ${key}`, protocols: both })).toBe('key_twice')
  })

  test('[R4] is one also where the header comes twice', async () => {
    expect(await refused({ header: `Bearer ${key}, Bearer ${other}` })).toBe('key_twice')
    expect(await refused({ header: `Basic abc, Bearer ${key}` })).toBe('key_twice')
    expect(await refused({ header: `Bearer ${key}, Bearer ${key}` })).toBe('let in')
    expect(await refused({ header: 'Digest username="a", realm="b"' })).toBe('key_malformed')
  })

  test('[R4] is missed where there is none', async () => {
    expect(await refused({})).toBe('key_missing')
    expect(await refused({ protocols: 'realtime' })).toBe('key_missing')
  })

  test.each(['Basic abc', 'Bearer', 'Bearer a b', 'token', 'Bearer sk-proj-1', 'Bearer tlk_live_x'])(
    '[R4] in the header "%s" is malformed',
    async (header) => {
      expect(await refused({ header })).toBe('key_malformed')
    },
  )

  test('[R4] with a character wrong is malformed', async () => {
    expect(await refused({ header: `Bearer ${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}` })).toBe(
      'key_malformed',
    )
    expect(await refused({ protocols: 'realtime, openai-insecure-api-key.sk-proj-1' })).toBe('key_malformed')
    expect(await refused({ protocols: 'realtime, openai-insecure-api-key.' })).toBe('key_malformed')
  })

  test('[R4] is a bearer token in any case and with any space', async () => {
    for (const header of [`bearer ${key}`, `BEARER   ${key}`, ` Bearer ${key} `])
      expect(await refused({ header })).toBe('let in')
  })

  test('[R4] of a plain request is read from its header alone', () => {
    const request = new Request('https://x/', {
      headers: { authorization: 'Bearer abc', 'sec-websocket-protocol': 'openai-insecure-api-key.x' },
    })
    expect(presentedKey(request)).toBe('abc')
    expect(presentedKey(new Request('https://x/'))).toEqual({ why: 'key_missing' })
  })
})

test('[R4] without an upgrade nothing is read', async () => {
  for (const upgrade of ['h2c', ''])
    expect(await refused({ header: `Bearer ${key}`, headers: { upgrade } })).toBe('upgrade_needed')
  expect(await refused({ header: `Bearer ${key}`, headers: { upgrade: 'WebSocket' } })).toBe('let in')
})

test('[C4] the model comes from the URL, the first that is named', async () => {
  expect((await comes({ query: '?model=gpt-realtime' })).offer.model).toBe('gpt-realtime')
  const twice = await comes({ query: `?model=${model}&model=other` })
  expect([twice.offer.model, twice.parameters]).toEqual([model, []])
})

test('[C4] a model that nobody serves, or none, is for the desk to refuse', async () => {
  for (const query of ['', '?model=', '?model=gpt-4o']) {
    const { offer, upstream } = await comes({ query })
    expect(upstream).toBeUndefined()
    expect(offer.pool).toBe('openai')
    expect(offer.models).toEqual(upstreams[0]?.models)
  }
  expect((await comes({ query: `?model=${'m'.repeat(500)}` })).offer.model).toHaveLength(100)
})

test('[P8] a call belongs to the pool of the upstream that serves its model', async () => {
  const [first] = upstreams
  if (first === undefined) throw new Error('no upstream')
  const second = { ...first, id: 'second', pool: 'second', models: ['own-model'] }
  const pool = async (asked: string, specs: typeof upstreams): Promise<unknown> => {
    const request = new Request(`https://x/v1/realtime?model=${asked}`, {
      headers: { upgrade: 'websocket', authorization: `Bearer ${key}` },
    })
    const arrival = await readArrival(request, 'call_1', specs, sha256)
    return 'why' in arrival ? arrival.why : arrival.offer.pool
  }
  expect(await pool('own-model', [first, second])).toBe('second')
  expect(await pool('nobodys', [first, second])).toBe('openai')
  expect(await pool('nobodys', [])).toBe('none')
})

test('[R4] parameters that are not ours pass, in order, as they were', async () => {
  const { parameters } = await comes({ query: `?a=1&model=${model}&b=%26x%3Dy&a=2&trunkline_agent=sales&c` })
  expect(parameters).toEqual([
    ['a', '1'],
    ['b', '&x=y'],
    ['a', '2'],
    ['c', ''],
  ])
})

test('[G8] the agent is a label of ours', async () => {
  expect((await comes({ query: `?model=${model}&trunkline_agent=sales` })).offer.agent).toBe('sales')
  const longest = `${'x'.repeat(54)}%20_.:@/%2B-9`
  const { offer } = await comes({ query: `?model=${model}&trunkline_agent=${longest}` })
  expect(offer).toMatchObject({ agent: decodeURIComponent(longest), unserved: null })
  expect((await comes({ query: `?model=${model}&trunkline_agent=` })).offer).toMatchObject({
    agent: null,
    unserved: null,
  })
})

test.each(['x'.repeat(65), "x;=cmd|'/C calc'!A0;", '\n=1+1', '＝1+1', 'ü', 'a\n'])(
  '[G8] an agent called %j is none: it is told so, and nothing of it is kept',
  async (agent) => {
    const { offer } = await comes({ query: `?model=${model}&trunkline_agent=${encodeURIComponent(agent)}` })
    const unserved = { why: 'agent_unfit', details: { parameter: 'trunkline_agent', most: 64 } }
    expect(offer).toMatchObject({ agent: null, unserved })
  },
)

async function called(caller: string): Promise<Arrival> {
  return comes({ query: `?model=${model}&trunkline_caller=${caller}` })
}

describe('the caller', () => {
  test('[G12] is told in a parameter of ours, and kept as a pseudonym that only its tenant’s calls share', async () => {
    const { offer, parameters } = await called('%2B43660123456')
    expect(offer.caller).toMatch(/^[0-9a-f]{32}$/)
    expect(parameters).toEqual([])
    expect(JSON.stringify(offer)).not.toContain('43660123456')
    expect((await called('%2B43660123456')).offer.caller).toBe(offer.caller)
    expect((await called('%2B43660123457')).offer.caller).not.toBe(offer.caller)
    const elsewhere = (await makeKey('ten_ffffffffffffffffffffffffffffffff', sha256)).key
    const foreign = await comes({ header: `Bearer ${elsewhere}`, query: '?trunkline_caller=%2B43660123456' })
    expect(foreign.offer.caller).not.toBe(offer.caller)
  })

  test('[G12] that is not told, or withheld, is nobody', async () => {
    expect((await comes({})).offer.caller).toBeNull()
    expect((await called('')).offer).toMatchObject({ caller: null, unserved: null })
  })

  test('[G12] with an id of more than 64 characters is told so', async () => {
    expect((await called('x'.repeat(64))).offer.unserved).toBeNull()
    expect((await called('x'.repeat(65))).offer.unserved).toEqual({
      why: 'caller_too_long',
      details: { parameter: 'trunkline_caller', most: 64 },
    })
  })
})

test.each<[string, Sent]>([
  ['header', { headers: { 'openai-beta': 'realtime=v1' } }],
  ['sub-protocol', { protocols: 'realtime, openai-beta.realtime-v1' }],
])('[C5] the beta dialect in a %s is answered by a clear error', async (_where, sent) => {
  expect((await comes(sent)).offer.unserved).toEqual({ why: 'dialect_beta' })
})

test.each(['call_id', 'intent'])(
  '[C4] the parameter %s would pass by the model, and is not served',
  async (parameter) => {
    const { offer } = await comes({ query: `?model=${model}&x=1&${parameter}=transcription` })
    expect(offer.unserved).toEqual({ why: 'parameter_unserved', details: { parameter } })
  },
)
