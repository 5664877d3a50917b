// A tenant's own lines and its own patience, on the real Worker: uploaded once, heard by each caller in its own format, told honestly.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { firstLineMs, speechLeadMs } from '../../src/limits.ts'
import lines from '../../src/lines.json' with { type: 'json' }
import { bytesPerMs, formats, type Format, type Sound } from '../../src/sound.ts'
import { wavFile } from '../../src/wav-file.ts'
import { readWav } from '../../src/wav.ts'
import { faultsOf } from '../sim/client.ts'
import { adminKey, startBroker, type Broker, type MadeTenant } from '../support/broker.ts'
import { Caller, liveCaller } from '../support/caller.ts'
import { at, type Gathering } from '../support/gathering.ts'
import { audioOf } from '../support/heard.ts'
import { callSim } from '../support/scenario.ts'
import { soonMs } from '../support/soon.ts'
import { sine, wav } from '../support/wav.ts'

let broker: Broker
let tenant: MadeTenant
let callers: Caller[] = []
beforeAll(async () => {
  broker = await startBroker(callSim)
})
afterAll(() => broker.close())
afterEach(async () => {
  for (const caller of callers.splice(0)) caller.vanish()
  await broker.quiet(tenant, 2_000)
})

/** A tenant whose one line is taken, with what its callers are to hear. */
async function busy(hold: (tenant: MadeTenant) => Promise<object>): Promise<void> {
  tenant = await broker.tenant({ caps: { lines: 1 } })
  await set(await hold(tenant))
  callers.push(await liveCaller(broker.wsUrl, tenant.key))
}

async function set(hold: object): Promise<void> {
  const { status, body } = await broker.admin('PATCH', `/tenants/${tenant.id}`, { hold })
  expect([status, body['hold']]).toMatchObject([200, hold])
}

/** A caller that asks for its session as soon as its socket is open. */
async function dial(session: object = {}): Promise<Caller> {
  const caller = new Caller(broker.wsUrl, tenant.key)
  callers.push(caller)
  await once(caller.ws, 'open')
  caller.send({ type: 'session.update', session: { type: 'realtime', ...session } })
  return caller
}

const hearing = (type: Format): object => ({ audio: { output: { format: { type } } } })
const reading = { output_modalities: ['text'] }

function soundOf(file: Buffer): Sound {
  const read = readWav(file)
  if (read.is === 'bad') throw new Error(String(read.refusal.details?.['problem']))
  return read.sound
}

function shipped(file: string): Buffer {
  return readFileSync(new URL(`../../web/public/hold/en/${file}`, import.meta.url))
}

function faults({ events }: Gathering): string[] {
  return events.filter(({ type }) => !type.startsWith('trunkline.')).flatMap((event) => faultsOf({ ...event }))
}

const text = 'Alle Leitungen sind belegt. Bitte warten Sie.'
const files: { what: string; file: Buffer; ms: number }[] = [
  { what: '8 kHz, two channels', file: wav(sine(440, 8_000, 1.2, 2), 8_000, { channels: 2 }), ms: 1_200 },
  { what: '48 kHz, one channel', file: wav(sine(660, 48_000, 0.9), 48_000), ms: 900 },
  { what: '24 kHz, a voice', file: wav(shipped('next.pcm')), ms: lines.en.next.ms },
]

async function reads(): Promise<void> {
  const caller = await dial(reading)
  expect(await caller.next('response.output_text.done')).toMatchObject({ text })
  await caller.next('response.done')
  expect([audioOf(caller).length, faults(caller)]).toEqual([0, []])
}

test.each(files)(
  '[H4] [H1] an upload ($what) is heard by each caller in its own format, or read',
  async ({ file, ms }) => {
    await busy(async (own) => {
      const audio = await broker.sound(own, file)
      return { language: 'de-AT', lines: { joined: { de: { text, audio } } }, repeatSeconds: 0 }
    })
    const sound = soundOf(file)
    const listen = async (format: Format): Promise<void> => {
      const since = performance.now()
      const caller = await dial(hearing(format))
      const done = await caller.next('response.done')
      const tookMs = performance.now() - since
      expect(audioOf(caller).equals(sound[format])).toBe(true)
      expect(Math.abs(audioOf(caller).length / bytesPerMs[format] - ms)).toBeLessThan(2)
      expect(tookMs).toBeGreaterThan(firstLineMs + ms - speechLeadMs - 20) // in real time
      expect(tookMs).toBeLessThan(firstLineMs + ms + 2_000)
      expect(at(done, 'response.output.0.content.0.transcript')).toBe(text)
      expect(at(done, 'response.audio.output.format.type')).toBe(format)
      expect(faults(caller)).toEqual([])
    }
    await Promise.all([...formats.map(listen), reads()])
  },
)

test('[H4] a voice that is uploaded as it is on the wire is heard as it was, byte for byte', () => {
  expect(Buffer.from(soundOf(wav(shipped('next.pcm')))['audio/pcm']).equals(shipped('next.pcm'))).toBe(true)
})

test('[H4] [K5] an upload is its tenant’s alone: no line of another may name it', async () => {
  const [owner, other] = [await broker.tenant(), await broker.tenant()]
  tenant = owner
  const file = wav(sine(440, 16_000, 0.5), 16_000)
  const audio = await broker.sound(owner, file)
  const hold = { lines: { joined: { en: { text: 'Please wait.', audio } } } }
  const refused = await broker.admin('PATCH', `/tenants/${other.id}`, { hold })
  expect(refused.status).toBe(400)
  expect(refused.body['error']).toMatchObject({ code: 'invalid_body', param: 'hold.lines.joined.en.audio' })
  expect(refused.body['detail']).toContain(`"${audio}"`)
  const fresh = await broker.admin('POST', '/tenants', { name: 'new', plan: 'trial', hold })
  expect([fresh.status, fresh.body['detail']]).toEqual([400, expect.stringContaining(`"${audio}"`)])
  expect((await broker.admin('DELETE', `/tenants/${other.id}/sounds/${audio}`)).status).toBe(404)

  await set(hold)
  const used = await broker.admin('DELETE', `/tenants/${owner.id}/sounds/${audio}`)
  expect([used.status, used.body['detail']]).toEqual([409, expect.stringContaining('joined.en')])
  const listened = await fetch(`${broker.url}/admin/v1/tenants/${owner.id}/sounds/${audio}/audio?format=audio/pcma`, {
    headers: { authorization: `Bearer ${adminKey}` },
  })
  expect(listened.headers.get('content-type')).toBe('audio/wav')
  const bytes = new Uint8Array(await listened.arrayBuffer())
  expect(bytes).toEqual(wavFile('audio/pcma', soundOf(file)['audio/pcma']))
  await set({})
  expect((await broker.admin('DELETE', `/tenants/${owner.id}/sounds/${audio}`)).body).toMatchObject({ deleted: true })
  expect((await broker.admin('GET', `/tenants/${owner.id}/sounds`)).body['data']).toEqual([])
})

test('[H4] an upload that goes while its caller waits gives way to our line, words and sound, and is reported', async () => {
  let audio = ''
  await busy(async (own) => {
    audio = await broker.sound(own, wav(sine(440, 16_000, 0.5), 16_000))
    return { patienceSeconds: 1, lines: { sorry: { en: { text: 'Gone.', audio } } } }
  })
  const caller = await dial(hearing('audio/pcmu'))
  await caller.next('trunkline.queue.joined')
  await set({ patienceSeconds: 1 })
  await broker.admin('DELETE', `/tenants/${tenant.id}/sounds/${audio}`)
  await caller.until(() => caller.of('response.done').length === 2, 'the apology')
  const [joined, sorry] = caller.of('response.done')
  expect(at(joined, 'response.status')).toBe('cancelled')
  expect(at(sorry, 'response.output.0.content.0.transcript')).toBe(lines.en.sorry.text)
  expect(audioOf(caller).subarray(-shipped('sorry.ulaw').length).equals(shipped('sorry.ulaw'))).toBe(true)
  expect(broker.log.filter((line) => line.includes('call fault') && line.includes(audio))).toHaveLength(1)
})

test.each([
  { format: 'audio/pcm', file: 'sorry.pcm' },
  { format: 'audio/pcmu', file: 'sorry.ulaw' },
  { format: 'audio/pcma', file: 'sorry.alaw' },
] as const)('[H5] patience over in $format: apology, error event, and a close two seconds later', async (one) => {
  await busy(async () => ({ patienceSeconds: 1 }))
  const since = performance.now()
  const caller = await dial(hearing(one.format))
  expect(await caller.next('trunkline.queue.joined')).toMatchObject({ position: 1, patience_ms: 1_000 })
  await caller.until(() => caller.of('response.created').length === 2, 'the apology')
  const begunMs = performance.now() - since
  expect(begunMs).toBeGreaterThan(950)
  expect(begunMs).toBeLessThan(soonMs)
  expect(await broker.lines(tenant)).toMatchObject({ live: 1, waiting: 0 })
  expect(await caller.error()).toMatchObject({ type: 'rate_limit_error', code: 'queue_timeout' })
  const toldAt = performance.now()
  const sorry = caller.of('response.done').at(-1)
  expect(at(sorry, 'response.metadata.trunkline')).toBe('sorry')
  const heard = shipped(one.file)
  expect(audioOf(caller).subarray(-heard.length).equals(heard)).toBe(true)
  expect(toldAt - since).toBeGreaterThan(1_000 + lines.en.sorry.ms - speechLeadMs - 20)
  expect(await caller.closing()).toEqual({ code: 1013, reason: 'rate_limit_error.queue_timeout' })
  expect(performance.now() - toldAt).toBeGreaterThan(1_950)
  expect(caller.of('session.created')).toEqual([])
  expect(faults(caller)).toEqual([])
})

test('[H4] [H5] without patience a caller hears the apology at once, the tenant’s own', async () => {
  const file = wav(sine(440, 8_000, 0.4), 8_000)
  await busy(async (own) => {
    const audio = await broker.sound(own, file)
    return { patienceSeconds: 0, lines: { sorry: { en: { text: 'Call again tomorrow.', audio } } } }
  })
  const caller = await dial(hearing('audio/pcma'))
  expect(await caller.error(2_000)).toMatchObject({ code: 'queue_timeout' })
  expect(audioOf(caller).equals(soundOf(file)['audio/pcma'])).toBe(true)
  expect(caller.of('response.done')).toMatchObject([{ response: { metadata: { trunkline: 'sorry' } } }])
  expect(at(caller.of('response.done')[0], 'response.output.0.content.0.transcript')).toBe('Call again tomorrow.')
  expect(await caller.closing()).toMatchObject({ code: 1013 })
  const [record] = await broker.records(tenant)
  expect(record?.record).toMatchObject({ outcome: { by: 'broker', why: 'queue_timeout' }, liveMs: 0 })
})

test('[H5] a text session reads the apology', async () => {
  await busy(async () => ({ patienceSeconds: 0 }))
  const caller = await dial(reading)
  expect(await caller.next('response.output_text.done')).toMatchObject({ text: lines.en.sorry.text })
  expect(await caller.error()).toMatchObject({ code: 'queue_timeout' })
  expect(audioOf(caller)).toHaveLength(0)
})

test('[H4] a tenant may not have more patience than its plan', async () => {
  tenant = await broker.tenant({ plan: 'trial' })
  const { status, body } = await broker.admin('PATCH', `/tenants/${tenant.id}`, { hold: { patienceSeconds: 61 } })
  expect([status, body['error']]).toMatchObject([400, { param: 'hold.patienceSeconds' }])
  expect(body['detail']).toContain('set 0 to 60, or null')
})

/** Wrangler's front turns a refusal of a body that never ends into a 500 now and then: these end. */
test.each([
  { what: 'says so', chunked: false },
  { what: 'does not say so', chunked: true },
])('[H4] an upload that is too large and $what: HTTP 413, and nothing is kept', async ({ chunked }) => {
  tenant = await broker.tenant()
  const large = Buffer.alloc(3 * 1024 * 1024)
  const { status, body } = await broker.upload(tenant, chunked ? new Blob([large]).stream() : large)
  expect([status, body['error']]).toMatchObject([413, { code: 'body_too_large' }])
  expect((await broker.admin('GET', `/tenants/${tenant.id}/sounds`)).body['data']).toEqual([])
})

test('[H4] an upload that is no sound: what was wrong, and what would be right', async () => {
  tenant = await broker.tenant()
  const cut = await broker.upload(tenant, wav(sine(440, 8_000, 0.5), 8_000).subarray(0, 4_000))
  expect([cut.status, cut.body['detail']]).toEqual([400, expect.stringMatching(/"data" part\. Send a WAV file of /)])
  const json = await broker.upload(tenant, Buffer.from('{"url":"https://example.com/a.wav"}'), 'application/json')
  expect([json.status, json.body['detail']]).toEqual([415, expect.stringContaining('"content-type: audio/wav"')])
})

test('[H4] uploads outlive a restart', async () => {
  const file = wav(sine(550, 22_050, 0.5), 22_050)
  await busy(async (own) => {
    const audio = await broker.sound(own, file)
    return { format: 'audio/pcmu', lines: { joined: { en: { text: 'Please wait.', audio } } } }
  })
  for (const caller of callers.splice(0)) caller.vanish()
  await broker.quiet(tenant)
  broker = await broker.restart()
  callers.push(await liveCaller(broker.wsUrl, tenant.key))
  const caller = await dial()
  await caller.next('response.done')
  expect(audioOf(caller).equals(soundOf(file)['audio/pcmu'])).toBe(true)
})
