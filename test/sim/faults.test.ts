// Every fault of the practice upstream, as a client meets it.

import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../sim/clock.ts'
import { FAULT_KINDS, faultFrom } from '../../sim/faults.ts'
import type { SimOptions } from '../../sim/options.ts'
import { type Sim, startSim } from '../../sim/server.ts'
import { at, Client, dial } from './client.ts'

let sim: Sim

async function start(options: SimOptions = {}): Promise<void> {
  sim = await startSim({ pace: 'burst', ...options })
}

afterEach(() => sim.close())

function knock(fault?: string): Client {
  return new Client(
    sim.url,
    fault === undefined ? {} : { query: `model=gpt-realtime&sim_fault=${encodeURIComponent(fault)}` },
  )
}

/** Two sockets take turns: what the other one is answered shows that time went by for this one, too. */
async function beat(): Promise<void> {
  const other = await dial(sim)
  await other.close()
}

describe('at the door', () => {
  it('[SIM] hang: never answers the upgrade', async () => {
    await start()
    const client = knock('hang')
    await beat()
    expect(client.ws.readyState).toBe(client.ws.CONNECTING)
  })

  it('[SIM] refuse: answers the upgrade with a status, a body and Retry-After', async () => {
    await start()
    const client = knock('refuse,status=429,retryAfter=7,body=busy')
    await client.until(() => client.failure !== undefined)
    expect(client.failure).toMatchObject({ status: 429, headers: { 'retry-after': '7' } })
    expect(client.failure?.body).toContain('busy')
    expect(sim.totals.refused).toBe(1)
  })

  it('[SIM] refuse: befalls as many connections as it was told to', async () => {
    await start({ fault: 'refuse,times=2' })
    for (const client of [knock(), knock()]) {
      await client.until(() => client.failure !== undefined)
      expect(client.failure?.status).toBe(503)
    }
    await knock().next('session.created')
  })

  it('[SIM] reject: lets in, sends an error and closes', async () => {
    await start()
    const client = knock('reject,code=insufficient_quota')
    expect(at(await client.next('error'), 'error.code')).toBe('insufficient_quota')
    await client.until(() => client.closed !== undefined)
    expect(client.closed).toEqual({ code: 1008, reason: 'insufficient_quota.insufficient_quota' })
  })

  it('[SIM] late and mute: session.created comes late or never', async () => {
    const clock = new ManualClock()
    await start({ clock, pingMs: 0 })
    const late = knock('late,ms=3000')
    const mute = knock('mute')
    await sim.session(1)
    clock.advance(2_999)
    await late.until(() => late.ws.readyState === late.ws.OPEN)
    await mute.until(() => mute.ws.readyState === mute.ws.OPEN)
    await late.complaint({ type: 'nothing' })
    await mute.complaint({ type: 'nothing' })
    expect([late.types, mute.types]).toEqual([['error'], ['error']])
    clock.advance(1)
    await late.next('session.created')
    expect(mute.types).toEqual(['error'])
  })
})

describe('on the line', () => {
  it('[SIM] drop: cuts the connection after so many events', async () => {
    await start()
    const client = knock('drop,events=6')
    await client.next('session.created')
    client.send({ type: 'response.create' })
    await client.until(() => client.closed !== undefined)
    expect(client.closed?.code).toBe(1006)
    expect(client.events).toHaveLength(6)
    expect(await sim.sessions[0]?.ended()).toMatchObject({ by: 'sim' })
  })

  it('[SIM] drop: cuts at a byte, in the midst of a frame', async () => {
    await start()
    const bytes = await new Promise<number>((resolve) => {
      const socket = connect(sim.port, '127.0.0.1')
      let body = 0
      let head = ''
      socket.write(
        'GET /v1/realtime?model=gpt-realtime&sim_fault=drop,bytes=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      )
      socket.on('data', (chunk) => {
        const end = head.includes('\r\n\r\n') ? 0 : chunk.indexOf('\r\n\r\n') + 4
        head += chunk.toString('latin1')
        body += chunk.length - end
      })
      socket.on('close', () => resolve(body))
    })
    expect(bytes).toBe(100)
  })

  it('[SIM] drop: cuts every live connection when it is switched on', async () => {
    await start()
    const clients = [await dial(sim), await dial(sim)]
    sim.fault('drop')
    for (const client of clients) await client.until(() => client.closed?.code === 1006)
  })

  it('[SIM] freeze: neither reads nor writes, and thaws without a loss', async () => {
    await start()
    const client = await dial(sim)
    sim.sessions[0]?.fault('freeze')
    client.send({ type: 'response.create', response: { output_modalities: ['text'] } })
    await beat()
    expect(client.types).toEqual(['session.created'])
    expect(sim.sessions[0]?.received).toEqual({})
    sim.sessions[0]?.fault(undefined)
    await client.next('response.done')
  })

  it('[SIM] slow: lets bytes through in drips', async () => {
    const clock = new ManualClock()
    await start({ clock, pingMs: 0 })
    const client = knock('slow,bytesPerSecond=2000')
    await sim.session(0)
    clock.advance(100)
    await beat()
    expect(client.types).toEqual([])
    clock.advance(2_000)
    await client.next('session.created')
  })

  it('[SIM] close: closes with a code and a reason after so many events', async () => {
    await start()
    const client = knock('close,code=1012,reason=restarting,events=2')
    await client.next('session.created')
    client.send({ type: 'response.create' })
    await client.until(() => client.closed !== undefined)
    expect(client.closed).toEqual({ code: 1012, reason: 'restarting' })
    expect(client.types).toEqual(['session.created', 'response.created'])
  })

  it('[SIM] ignore-close: leaves a close unanswered', async () => {
    await start()
    const client = knock('ignore-close')
    await client.next('session.created')
    client.ws.close(1000, 'done')
    await beat()
    expect(client.closed).toBeUndefined()
    expect(client.ws.readyState).toBe(client.ws.CLOSING)
    client.ws.terminate()
    expect(await sim.sessions[0]?.ended()).toMatchObject({ by: 'client' })
  })
})

describe('in the events', () => {
  it('[SIM] endless: begins a response and never ends it', async () => {
    await start()
    const client = await dial(sim)
    sim.fault('endless')
    await client.ask(
      { type: 'response.create', response: { output_modalities: ['text'] } },
      'response.output_text.delta',
    )
    expect(await client.complaint({ type: 'response.create' })).toMatchObject({
      code: 'conversation_already_has_active_response',
    })
    expect(client.types).not.toContain('response.done')
  })

  it('[SIM] fail: refuses so many responses as a rate limit would, with the wait asked for', async () => {
    await start()
    const client = knock('fail,responses=1,wait=250')
    await client.next('session.created')
    const done = await client.ask({ type: 'response.create' }, 'response.done')
    expect(at(done, 'response.status')).toBe('failed')
    expect(at(done, 'response.status_details.error.code')).toBe('rate_limit_exceeded')
    expect(at(done, 'response.status_details.error.message')).toContain('Please try again in 250ms.')
    expect(at(await client.ask({ type: 'response.create' }, 'response.done'), 'response.status')).toBe('completed')
    sim.fault('fail,code=server_error')
    const other = await dial(sim)
    const failed = await other.ask({ type: 'response.create' }, 'response.done')
    expect(at(failed, 'response.status_details.error')).toMatchObject({ type: 'server_error', code: 'server_error' })
    expect([...client.invalid, ...other.invalid]).toEqual([])
  })

  it('[SIM] deaf: transcriptions fail', async () => {
    await start({ fault: 'deaf' })
    const client = await dial(sim)
    await client.configure({ audio: { input: { transcription: { model: 'whisper-1' } } } })
    client.say()
    await client.next('conversation.item.input_audio_transcription.failed')
    expect(client.invalid).toEqual([])
  })

  it('[SIM] unknown-events, huge, binary and malformed: frames that a client did not expect', async () => {
    await start()
    const novel = knock('unknown-events')
    await novel.next('session.created')
    expect(novel.types).toEqual(['sim.novelty', 'session.created'])
    const huge = knock('huge,size=3000000,events=1')
    expect(JSON.stringify(await huge.next('sim.huge')).length).toBeGreaterThan(3_000_000)
    const binary = knock('binary,events=1')
    await binary.until(() => binary.frames.some((frame) => frame.binary))
    const broken = knock('malformed,events=1')
    await broken.until(() => broken.frames.length === 2)
    expect(() => JSON.parse(broken.frames[1]?.data ?? '') as unknown).toThrow(SyntaxError)
    await broken.complaint({ type: 'nothing' })
  })
})

describe('the switch', () => {
  it('[SIM] is worked over HTTP, and spares connections with a fault of their own', async () => {
    await start()
    const url = `http://127.0.0.1:${sim.port}/sim/faults`
    const post = (body: unknown): Promise<Response> => fetch(url, { method: 'POST', body: JSON.stringify(body) })
    const own = knock('deaf')
    await own.next('session.created')
    expect((await post({ fault: 'endless' })).status).toBe(200)
    expect(at(await own.ask({ type: 'response.create' }, 'response.done'), 'response.status')).toBe('completed')
    expect(await (await post({ kind: 'refuse', status: 500 })).json()).toEqual({
      fault: { kind: 'refuse', status: 500 },
    })
    const bad = await post({ fault: 'explode' })
    expect(bad.status).toBe(400)
    expect(at(await bad.json(), 'error.message')).toContain('freeze')
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200)
    await dial(sim)
  })

  it('[SIM] lets faults of the door pass by the sessions that are in, and does not spend itself on them', async () => {
    await start()
    const inside = await dial(sim)
    sim.fault('late,ms=0,times=1')
    expect(sim.currentFault()).toMatchObject({ times: 1 })
    await inside.complaint({ type: 'nothing' })
    await knock().next('session.created')
    expect(sim.currentFault()).toBeUndefined()
    expect(inside.types).toEqual(['session.created', 'error'])
  })

  it('[SIM] drop: strikes after so many milliseconds', async () => {
    const clock = new ManualClock()
    await start({ clock, pingMs: 0 })
    const client = knock('drop,ms=500')
    await client.next('session.created')
    clock.advance(499)
    await client.complaint({ type: 'nothing' })
    clock.advance(1)
    await client.until(() => client.closed?.code === 1006)
  })

  it('[SIM] reads every kind of fault, and says what is wrong with any other', async () => {
    await start()
    for (const kind of FAULT_KINDS) expect(faultFrom(kind).kind).toBe(kind)
    expect(() => faultFrom('refuse,status=200')).toThrow(/status/)
    expect(() => faultFrom('close,code=1006')).toThrow(/code/)
    const client = knock('nonsense')
    await client.until(() => client.failure !== undefined)
    expect(client.failure?.status).toBe(400)
  })
})
