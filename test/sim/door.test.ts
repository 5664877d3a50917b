// Who is let into the practice upstream, how others are refused, when a session ends, what plain HTTP answers.

import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../sim/clock.ts'
import { modelNames } from '../../sim/models.ts'
import type { SimOptions } from '../../sim/options.ts'
import { type Sim, startSim } from '../../sim/server.ts'
import { at, Client, type DialOptions } from './client.ts'

let sim: Sim
const clients: Client[] = []

async function start(options: SimOptions = { pace: 'burst' }): Promise<void> {
  sim = await startSim(options)
}

function knock(options?: DialOptions): Client {
  const client = new Client(sim.url, options)
  clients.push(client)
  return client
}

afterEach(async () => {
  for (const client of clients.splice(0)) expect(client.invalid).toEqual([])
  await sim.close()
})

describe('authentication', () => {
  it('[SIM] answers 401 by HTTP only where there are no credentials at all', async () => {
    await start()
    const client = knock({ headers: {} })
    await client.until(() => client.failure !== undefined)
    expect(client.failure?.status).toBe(401)
    expect(JSON.parse(client.failure?.body ?? '')).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  it('[R4] takes the key from the sub-protocol, answers `realtime`, and never echoes the key', async () => {
    await start()
    const client = knock({ headers: {}, protocols: ['realtime', 'openai-insecure-api-key.sk-secret'] })
    await client.next('session.created')
    expect(client.ws.protocol).toBe('realtime')
    expect(sim.sessions[0]).toMatchObject({ key: 'sk-secret', keyFrom: 'subprotocol', model: 'gpt-realtime-2.1' })
    expect(JSON.stringify(await (await fetch(`http://127.0.0.1:${sim.port}/sim/state`)).json())).not.toContain(
      'sk-secret',
    )
  })

  it('[SIM] answers no sub-protocol where none is offered', async () => {
    await start()
    const client = knock()
    await client.next('session.created')
    expect(client.ws.protocol).toBe('')
  })

  it('[SIM] refuses a wrong key after the 101, with an error event and close 3000', async () => {
    await start({ keys: ['sk-right'] })
    const client = knock()
    expect(at(await client.next('error'), 'error.code')).toBe('invalid_api_key')
    await client.until(() => client.closed !== undefined)
    expect(client.closed).toEqual({ code: 3000, reason: 'invalid_request_error.invalid_api_key' })
    expect(client.types).toEqual(['error'])
  })
})

describe('refusals after the 101', () => {
  it.each([
    ['no model', '', {}, 4000, 'missing_model'],
    ['a model of another kind', 'model=gpt-4o', {}, 4000, 'invalid_model'],
    ['a retired model', 'model=gpt-4o-realtime-preview', {}, 4004, 'model_not_found'],
    ['an unknown intent', 'intent=dance', {}, 4000, 'invalid_intent'],
    ['the beta header', 'model=gpt-realtime', { 'OpenAI-Beta': 'realtime=v1' }, 4000, 'beta_api_shape_disabled'],
  ])('[SIM] refuses %s', async (_what, query, headers, close, code) => {
    await start()
    const client = knock({ query, headers: { Authorization: 'Bearer sk-test', ...headers } })
    const error = await client.next('error')
    expect(at(error, 'error.code')).toBe(code)
    await client.until(() => client.closed !== undefined)
    expect(client.closed).toEqual({ code: close, reason: `invalid_request_error.${code}` })
    expect(client.types).toEqual(['error'])
  })

  it('[C4] serves every current realtime model', async () => {
    await start()
    for (const model of modelNames()) {
      const client = knock({ query: `model=${model}` })
      expect(at(await client.next('session.created'), 'session.model')).toBe(model)
    }
    expect(modelNames()).toContain('gpt-realtime')
  })
})

describe('the life of a session', () => {
  it('[SIM] says when it will end, and at the wall sends session_expired and closes with 1001', async () => {
    const clock = new ManualClock()
    await start({ clock, pingMs: 0, wallMs: 90_000 })
    const client = knock()
    const created = await client.next('session.created')
    expect(at(created, 'session.expires_at')).toBe(clock.now() / 1000 + 90)
    clock.advance(89_999)
    await client.complaint({ type: 'nothing' })
    clock.advance(1)
    expect(at(await client.next('error'), 'error.code')).toBe('session_expired')
    await client.until(() => client.closed !== undefined)
    expect(client.closed).toEqual({ code: 1001, reason: 'Your session hit the maximum duration of 60 minutes.' })
    expect(await sim.sessions[0]?.ended()).toMatchObject({ code: 1001, by: 'sim' })
  })

  it('[SIM] pings', async () => {
    const clock = new ManualClock()
    await start({ clock })
    const client = knock()
    await client.next('session.created')
    let pings = 0
    client.ws.on('ping', () => {
      pings += 1
      client.ws.emit('open')
    })
    clock.advance(20_300)
    await client.until(() => pings === 1)
  })

  it('[SIM] refuses what session.update may not change, and then changes nothing', async () => {
    await start()
    const client = knock({ query: 'model=gpt-realtime' })
    await client.next('session.created')
    const update = (session: unknown) => client.complaint({ type: 'session.update', session, event_id: 'u1' })
    expect(await update({ instructions: 'x' })).toMatchObject({
      code: 'missing_required_parameter',
      param: 'session.type',
      event_id: 'u1',
    })
    expect(await update({ type: 'realtime', instructions: 'x', tempo: 3 })).toMatchObject({
      code: 'unknown_parameter',
      param: 'session.tempo',
    })
    expect(await update({ type: 'realtime', audio: { input: { bits: 3 } } })).toMatchObject({
      param: 'session.audio.input.bits',
    })
    expect(await update({ type: 'realtime', instructions: 7 })).toMatchObject({
      code: 'invalid_type',
      param: 'session.instructions',
    })
    expect(await update({ type: 'realtime', model: 'gpt-realtime-2.1' })).toMatchObject({ param: 'session.model' })
    expect(await update({ type: 'realtime', tool_choice: 'sometimes' })).toMatchObject({ code: 'invalid_value' })
    expect(await update({ type: 'realtime', audio: { output: { format: { type: 'audio/mp3' } } } })).toMatchObject({
      code: 'invalid_value',
    })
    expect(await update({ type: 'realtime', instructions: 'x'.repeat(70_000) })).toMatchObject({
      param: 'session.instructions',
    })
    const same = await client.configure({ model: 'gpt-realtime' })
    expect(at(same, 'session.instructions')).toMatch(/^You are/)
  })

  it('[SIM] lets the voice be set until it has been heard', async () => {
    await start()
    const client = knock()
    await client.next('session.created')
    await client.configure({ audio: { output: { voice: 'cedar' } } })
    await client.ask({ type: 'response.create' }, 'response.done')
    await client.configure({ audio: { output: { voice: 'cedar' } } })
    const session = { type: 'realtime', audio: { output: { voice: 'ash' } } }
    expect(await client.complaint({ type: 'session.update', session })).toMatchObject({ code: 'cannot_update_voice' })
  })

  it('[SIM] survives frames that are no events', async () => {
    await start()
    const client = knock()
    await client.next('session.created')
    client.ws.send(Buffer.from([1, 2, 3]))
    expect(at(await client.next('error'), 'error.code')).toBe('invalid_event')
    client.ws.send('{"type":')
    expect(at(await client.next('error'), 'error.code')).toBe('invalid_json')
    expect(await client.complaint({ event_id: 'e' })).toMatchObject({ code: 'invalid_event', event_id: 'e' })
    expect(await client.complaint({ type: 'output_audio_buffer.clear' })).toMatchObject({ code: 'invalid_event' })
    expect(await client.complaint({ type: 'input_audio_buffer.append', audio: '***' })).toMatchObject({
      param: 'audio',
    })
    expect(sim.sessions[0]?.received).toMatchObject({ '?': 3, 'output_audio_buffer.clear': 1 })
    await client.close()
  })
})

describe('plain HTTP', () => {
  it('[SIM] shows help, state and totals', async () => {
    await start()
    const client = knock()
    await client.next('session.created')
    const base = `http://127.0.0.1:${sim.port}`
    expect(await (await fetch(base)).text()).toContain('/sim/state')
    const state: unknown = await (await fetch(`${base}/sim/state`)).json()
    expect(at(state, 'totals')).toMatchObject({ opened: 1, live: 1 })
    expect(at(state, 'sessions.0')).toMatchObject({ model: 'gpt-realtime-2.1', closed: null })
    expect((await fetch(`${base}/nowhere`)).status).toBe(404)
  })

  it('[SIM] mints client secrets that open sessions until they expire', async () => {
    const clock = new ManualClock()
    await start({ clock, keys: ['sk-right'], pingMs: 0 })
    const mint = {
      method: 'POST',
      headers: { authorization: 'Bearer sk-right' },
      body: '{"expires_after":{"anchor":"created_at","seconds":10}}',
    }
    const secret: unknown = await (await fetch(`http://127.0.0.1:${sim.port}/v1/realtime/client_secrets`, mint)).json()
    const headers = { Authorization: `Bearer ${String(at(secret, 'value'))}` }
    await knock({ headers }).next('session.created')
    clock.advance(10_000)
    const late = knock({ headers })
    expect(at(await late.next('error'), 'error.code')).toBe('invalid_api_key')
  })

  it('[SIM] answers an unknown path with 404, and survives an address that is none', async () => {
    await start()
    const odd = await new Promise<string>((resolve) => {
      const socket = connect(sim.port, '127.0.0.1', () => {
        socket.write('GET // HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      })
      socket.on('data', (chunk) => resolve(chunk.toString('latin1')))
    })
    expect(odd).toMatch(/^HTTP\/1.1 404 /)
    const client = new Client(sim.url.replace('/v1/realtime', '/v1/elsewhere'))
    await client.until(() => client.failure !== undefined)
    expect(client.failure?.status).toBe(404)
  })
})

describe('what tests may see', () => {
  it('[SIM] keeps received frames byte for byte, counts by type, and lets tests await them', async () => {
    await start({ recordFrames: true, pace: 'burst' })
    const opened = sim.session(0)
    const client = knock({
      query: 'model=gpt-realtime&line=7',
      headers: { Authorization: 'Bearer k', 'X-Trace': 't1' },
    })
    const session = await opened
    await client.next('session.created')
    const odd = '{ "type" : "nothing", "text": "\\u00e9 \u00e9" }'
    client.ws.send(odd)
    await session.until('nothing')
    expect(session.raw.map(String)).toEqual([odd])
    expect(session.query).toEqual({ model: 'gpt-realtime', line: '7' })
    expect(session.headers['x-trace']).toBe('t1')
    client.ws.close(4001, 'bye')
    expect(await session.ended()).toEqual({ code: 4001, reason: 'bye', by: 'client' })
    await sim.until(() => sim.totals.live === 0)
  })

  it('[SIM] echoes each append with a ready frame for benches', async () => {
    await start({ echoBytes: 640 })
    const client = knock()
    await client.next('session.created')
    for (let count = 0; count < 50; count++) client.send({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    await client.until(() => client.of('response.output_audio.delta').length === 50)
    expect(client.of('response.output_audio.delta')[0]?.['delta']).toHaveLength(640)
  })
})
