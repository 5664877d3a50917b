// A tenant's uploads over HTTP: what is taken, what an admin hears of it, and what bad input gets. The reader itself is in wav.test.ts.
import { beforeEach, expect, test } from 'vitest'
import { soundsPerTenant, wavBytes } from '../../src/limits.ts'
import { formats } from '../../src/sound.ts'
import { wavFile } from '../../src/wav-file.ts'
import { readWav } from '../../src/wav.ts'
import { sine, wav } from '../support/wav.ts'
import { MemoryHouse, type Answer } from './house.ts'

const tenants = '/admin/v1/tenants'
const right = wav(sine(440, 8_000, 0.5, 2), 8_000, { channels: 2 })
let house: MemoryHouse
let tenant: string
beforeEach(async () => {
  house = new MemoryHouse()
  tenant = await house.tenant()
})

function post(body: unknown, type = 'audio/wav', query = '', to = tenant): Promise<Answer> {
  return house.ask('POST', `${tenants}/${to}/sounds${query}`, { body, headers: { 'content-type': type } })
}

async function uploaded(to = tenant): Promise<string> {
  const { status, body } = await post(right, 'audio/wav', '', to)
  expect(status).toBe(201)
  return body['id'] as string
}

function of(id: string, rest = '', to = tenant): string {
  return `${tenants}/${to}/sounds/${id}${rest}`
}

const code = ({ status, body }: Answer): string => `${status} ${(body['error'] as { code: string }).code}`
const detail = ({ body }: Answer): string => String(body['detail'])

test('[H4] an upload is answered with its id, and reads back alone and in the list', async () => {
  const made = await post(right, 'audio/wav', `?name=${encodeURIComponent('Begrüßung')}`)
  expect([made.status, made.body]).toEqual([
    201,
    {
      object: 'sound',
      id: expect.stringMatching(/^aud_[0-9a-f]{32}$/),
      name: 'Begrüßung',
      ms: 500,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  ])
  const id = made.body['id'] as string
  expect((await house.ask('GET', of(id))).body).toEqual(made.body)
  const list = await house.ask('GET', `${tenants}/${tenant}/sounds`)
  expect(list.body).toEqual({ object: 'list', data: [made.body], has_more: false, first_id: id, last_id: id })
})

test.each(['audio/wav', 'audio/x-wav', 'Audio/WAV; codecs=1', 'audio/vnd.wave', 'audio/wave'])(
  '[H4] a file sent as %s is taken',
  async (type) => {
    expect((await post(right, type)).status).toBe(201)
  },
)

test('[H4] the same bytes again are another upload, without a name where none was given', async () => {
  const [first, second] = [await uploaded(), await uploaded()]
  expect(first).not.toBe(second)
  expect((await house.ask('GET', of(first))).body['name']).toBe(null)
})

test.each(formats)('[H4] an admin hears what callers hear in %s, as a file', async (format) => {
  const { status, headers, bytes } = await house.ask('GET', of(await uploaded(), `/audio?format=${format}`))
  expect([status, headers.get('content-type')]).toEqual([200, 'audio/wav'])
  const reading = readWav(right)
  if (reading.is === 'bad') throw new Error('refused')
  expect(bytes).toEqual(wavFile(format, reading.sound[format]))
})

test('[H4] without a format an admin hears PCM', async () => {
  const id = await uploaded()
  const [said, unsaid] = [of(id, '/audio?format=audio/pcm'), of(id, '/audio')]
  expect((await house.ask('GET', unsaid)).bytes).toEqual((await house.ask('GET', said)).bytes)
})

test('[H4] a sound is deleted when no line names it, and is not there any more', async () => {
  const id = await uploaded()
  const hold = { lines: { joined: { 'de-AT': { text: 'Bitte warten.', audio: id } } } }
  const set = await house.ask('PATCH', `${tenants}/${tenant}`, { body: { hold } })
  expect(set.body['hold']).toMatchObject(hold)
  const refused = await house.ask('DELETE', of(id))
  expect([code(refused), detail(refused)]).toEqual([
    '409 sound_in_use',
    `The sound ${id} is what callers hear as joined.de-AT. Give "hold.lines" of the tenant another one there, or null, then delete it.`,
  ])
  await house.ask('PATCH', `${tenants}/${tenant}`, { body: { hold: {} } })
  expect((await house.ask('DELETE', of(id))).body).toEqual({ object: 'sound', id, deleted: true })
  for (const rest of ['', '/audio']) expect(code(await house.ask('GET', of(id, rest)))).toBe('404 sound_not_found')
  expect(code(await house.ask('DELETE', of(id)))).toBe('404 sound_not_found')
})

const data = (bytes: number): Buffer => Buffer.alloc(bytes)
const lying = wav(sine(440, 16_000, 0.5), 16_000)
lying.writeUInt32LE(lying.length * 2, 40)
const unfit: [string, Uint8Array, string][] = [
  ['nothing', data(0), 'it is no WAV file'],
  ['an MP3', Buffer.from('ID3\u0004 and so on, for long enough'), 'it is no WAV file'],
  ['floating point', wav(data(64_000), 16_000, { kind: 3, bits: 32 }), 'its samples are floating point, not PCM'],
  ['24 bit', wav(data(48_000), 16_000, { bits: 24 }), 'its samples have 24 bits'],
  ['three channels', wav(data(96_000), 16_000, { channels: 3 }), 'it has 3 channels'],
  ['96 kHz', wav(data(192_000), 96_000), 'its rate is 96000 Hz'],
  ['too short', wav(data(2 * 1_592), 8_000), 'it lasts 0.199 seconds'],
  ['too long', wav(data(2 * 80_008), 8_000), 'it lasts 10.001 seconds'],
  ['cut short', right.subarray(0, 5_000), 'it ends within its "data" part'],
  ['one whose header claims twice as much', lying, 'it ends within its "data" part'],
]

test.each(unfit)('[H4] a WAV file that is %s is 400, and says what would be right', async (_, body, problem) => {
  const answer = await post(body)
  expect([code(answer), detail(answer)]).toEqual([
    '400 invalid_audio',
    `The audio cannot be used: ${problem}. Send a WAV file of at most 1 MiB: PCM, 16 bit, one or two channels, 8,000 to 48,000 Hz, 0.2 to 10 seconds.`,
  ])
  expect((await house.ask('GET', `${tenants}/${tenant}/sounds`)).body['data']).toEqual([])
})

test.each([
  [{ url: 'https://example.com/a.wav' }, 'application/json', '"application/json"'],
  [right, 'multipart/form-data; boundary=x', '"multipart/form-data; boundary=x"'],
  [right, 'audio/mpeg', '"audio/mpeg"'],
  [right, undefined, 'nothing that was named'],
])('[H4] a body %# of another kind is 415, and says which', async (body, type, sent) => {
  const answer = await house.ask('POST', `${tenants}/${tenant}/sounds`, {
    body,
    headers: type === undefined ? {} : { 'content-type': type },
  })
  expect([code(answer), detail(answer)]).toEqual([
    '415 unsupported_media_type',
    `The body was sent as ${sent}. Send the WAV file itself as the body, with the header "content-type: audio/wav".`,
  ])
})

test('[H4] a file of exactly the bound is read; one byte more is 413', async () => {
  const seconds = 9
  const most = Buffer.concat([wav(sine(440, 48_000, seconds), 48_000), data(wavBytes)]).subarray(0, wavBytes)
  expect((await post(most)).status).toBe(201)
  const answer = await post(Buffer.concat([most, data(1)]))
  expect([code(answer), detail(answer)]).toEqual([
    '413 body_too_large',
    `The request body has more than ${wavBytes} bytes.`,
  ])
})

test('[H4] a body without end is given up as soon as it is too large', async () => {
  let [pieces, cancelled] = [0, false]
  const body = new ReadableStream({
    pull: (stream) => {
      pieces++
      stream.enqueue(data(65_536))
    },
    cancel: () => void (cancelled = true),
  })
  expect(code(await post(body))).toBe('413 body_too_large')
  expect(cancelled).toBe(true)
  expect(pieces * 65_536).toBeLessThanOrEqual(wavBytes + 3 * 65_536)
})

test('[H4] a body that says itself that it is too large is not read at all', async () => {
  let pieces = 0
  const body = new ReadableStream({ pull: () => void pieces++ }, { highWaterMark: 0 })
  const headers = { 'content-type': 'audio/wav', 'content-length': String(wavBytes + 1) }
  expect(code(await house.ask('POST', `${tenants}/${tenant}/sounds`, { body, headers }))).toBe('413 body_too_large')
  expect(pieces).toBe(0)
})

test('[H4] a format that is none is 400, and says which there are', async () => {
  const id = await uploaded()
  for (const format of ['mp3', 'audio/opus', '']) {
    const answer = await house.ask('GET', of(id, `/audio?format=${format}`))
    expect(code(answer)).toBe('400 invalid_body')
    expect(detail(answer)).toMatch(/^format: .*"audio\/pcm".*"audio\/pcmu".*"audio\/pcma"/)
  }
})

test.each([
  ['POST', '?colour=red', 'colour'],
  ['POST', `?name=${'x'.repeat(101)}`, 'name'],
  ['POST', '?name=a%07b', 'control character'],
  ['POST', '?name=', 'name'],
  ['GET', '?limit=5', 'limit'],
])('[A2] %s …/sounds%s is 400', async (method, query, said) => {
  const answer =
    method === 'POST'
      ? await post(right, 'audio/wav', query)
      : await house.ask(method, `${tenants}/${tenant}/sounds${query}`)
  expect(code(answer)).toBe('400 invalid_body')
  expect(detail(answer)).toContain(said)
})

test('[H4] a tenant has so many sounds, and no more', async () => {
  for (let i = 0; i < soundsPerTenant; i++) await uploaded()
  const answer = await post(right)
  expect([code(answer), detail(answer)]).toEqual([
    '409 too_many_sounds',
    'This tenant has 50 sounds, and may not have more. Delete one that no line names first.',
  ])
})

test("[K5] another tenant's sound is not there, and is no sound of a line", async () => {
  const [id, other] = [await uploaded(), await house.tenant({ name: 'Bell' })]
  for (const rest of ['', '/audio'])
    expect(code(await house.ask('GET', of(id, rest, other)))).toBe('404 sound_not_found')
  expect(code(await house.ask('DELETE', of(id, '', other)))).toBe('404 sound_not_found')
  const hold = { lines: { sorry: { en: { text: 'Sorry.', audio: id } } } }
  const set = await house.ask('PATCH', `${tenants}/${other}`, { body: { hold } })
  expect([code(set), (set.body['error'] as { param: unknown }).param]).toEqual([
    '400 invalid_body',
    'hold.lines.sorry.en.audio',
  ])
  expect((await house.ask('GET', of(id))).status).toBe(200)
})

test('[H4] a new tenant has no sounds to name, and no patience beyond its plan', async () => {
  const hold = { patienceSeconds: 61, lines: { full: { en: { text: 'Full.', audio: 'aud_1' } } } }
  const answer = await house.ask('POST', tenants, { body: { name: 'Bell', plan: 'trial', hold } })
  expect(code(answer)).toBe('400 invalid_body')
  expect(detail(answer)).toBe(
    'hold.patienceSeconds: is 61; the plan "trial" has a patience of 60: set 0 to 60, or null for that of the plan; ' +
      'hold.lines.full.en.audio: there is no sound "aud_1" of this tenant: upload one first (POST …/sounds) and name its id, or set null',
  )
  expect((await house.ask('GET', tenants)).body['data']).toHaveLength(1)
})

test('[A1] a sound is uploaded for a tenant that is there', async () => {
  expect(code(await post(right, 'audio/wav', '', 'ten_9'))).toBe('404 tenant_not_found')
})
