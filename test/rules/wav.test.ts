// Uploaded sound: what is taken, what is refused and why, and what becomes of it in each format.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base64 } from '../../src/base64.ts'
import { aLaw, muLaw } from '../../src/g711.ts'
import { lineMsMost, wavBytes } from '../../src/limits.ts'
import { problem } from '../../src/refusal.ts'
import { resampled } from '../../src/resample.ts'
import { bytesPerMs, formats, type Sound } from '../../src/sound.ts'
import { readWav } from '../../src/wav.ts'
import { printSeed, seed } from '../contract/seed.ts'
import { aLawSample, muLawSample } from '../support/g711.ts'
import { wav as plainWav } from '../support/wav.ts'

const rates = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]

function sine(hertz: number, rate: number, seconds = 0.5, level = 10_000): Float32Array {
  return Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, at) => level * Math.sin((2 * Math.PI * hertz * at) / rate),
  )
}

function bytesOf(samples: Float32Array, channels = 1): Buffer {
  const bytes = Buffer.alloc(samples.length * 2 * channels)
  for (const [at, sample] of samples.entries())
    for (let channel = 0; channel < channels; channel++)
      bytes.writeInt16LE(Math.round(sample), 2 * (at * channels + channel))
  return bytes
}

/** A file with each field as it is asked for. */
function file(
  over: Partial<{ kind: number; channels: number; rate: number; bits: number; data: Buffer }> = {},
): Buffer {
  const { kind = 1, channels = 1, rate = 16_000, bits = 16, data = bytesOf(sine(440, rate), channels) } = over
  const bytes = plainWav(data, rate)
  bytes.writeUInt16LE(kind, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt16LE(bits, 34)
  return bytes
}

/** A part of a RIFF file; one of odd length is padded. */
function part(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(name, 0)
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
}

function soundOf(bytes: Uint8Array): Sound {
  const reading = readWav(bytes)
  if (reading.is === 'bad') throw new Error(String(reading.refusal.details?.['problem']))
  return reading.sound
}

function problemOf(bytes: Uint8Array): string {
  const reading = readWav(bytes)
  return reading.is === 'bad' ? String(reading.refusal.details?.['problem']) : 'none'
}

/** Strength of a tone in samples, as its amplitude. */
function tone(samples: ArrayLike<number>, hertz: number, rate: number): number {
  let [re, im] = [0, 0]
  const [from, to] = [Math.floor(samples.length * 0.2), Math.floor(samples.length * 0.8)]
  for (let at = from; at < to; at++) {
    re += (samples[at] ?? 0) * Math.cos((2 * Math.PI * hertz * at) / rate)
    im += (samples[at] ?? 0) * Math.sin((2 * Math.PI * hertz * at) / rate)
  }
  return (2 * Math.hypot(re, im)) / (to - from)
}

const decoders = {
  'audio/pcm': (bytes: Uint8Array) => {
    const view = Buffer.from(bytes)
    return Array.from({ length: bytes.length / 2 }, (_, at) => view.readInt16LE(at * 2))
  },
  'audio/pcmu': (bytes: Uint8Array) => Array.from(bytes, muLawSample),
  'audio/pcma': (bytes: Uint8Array) => Array.from(bytes, aLawSample),
}

describe.each(rates)('%d Hz', (rate) => {
  test.each([1, 2])('[H4] is the same tone in each format, from %d channels', (channels) => {
    const sound = soundOf(file({ rate, channels }))
    for (const format of formats) {
      const samples = decoders[format](sound[format])
      expect(sound[format].length / bytesPerMs[format]).toBeCloseTo(500, -1)
      const level = tone(samples, 440, format === 'audio/pcm' ? 24_000 : 8_000)
      expect(20 * Math.log10(level / 10_000)).toBeCloseTo(0, 0)
    }
  })
})

test('[H4] what no phone can carry is taken out, not folded into what is heard', () => {
  for (const [hertz, folded] of [
    [5_000, 3_000],
    [7_000, 1_000],
    [15_000, 1_000],
  ] as const) {
    const narrow = resampled(sine(hertz, 48_000), 48_000, 8_000)
    expect(tone(narrow, folded, 8_000)).toBeLessThan(50) // 46 dB below
  }
  expect(tone(resampled(sine(1_000, 8_000), 8_000, 24_000), 7_000, 24_000)).toBeLessThan(50)
  expect(tone(resampled(sine(3_000, 48_000), 48_000, 8_000), 3_000, 8_000)).toBeGreaterThan(9_500)
})

test('[H4] two channels are heard as their mean, and full scale does not turn over', () => {
  const loud = Buffer.alloc(4 * 8_000)
  for (let at = 0; at < 8_000; at++) {
    loud.writeInt16LE(at % 16 < 8 ? 32_767 : -32_768, at * 4)
    loud.writeInt16LE(at % 16 < 8 ? 32_767 : -32_768, at * 4 + 2)
  }
  const samples = decoders['audio/pcm'](soundOf(file({ rate: 8_000, channels: 2, data: loud }))['audio/pcm'])
  for (const [at, sample] of samples.entries()) if (at % 48 === 12) expect(sample).toBeGreaterThan(25_000)
})

test('[H4] a file from a studio is taken: extensible header, other parts, an odd one too', () => {
  const body = Buffer.alloc(40)
  file().copy(body, 0, 20, 36)
  body.writeUInt16LE(0xfffe, 0)
  body.writeUInt16LE(1, 24)
  const data = part('data', bytesOf(sine(440, 16_000)))
  const parts = [part('LIST', Buffer.from('odd')), part('fmt ', body), part('fact', Buffer.alloc(4)), data]
  const whole = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), ...parts])
  expect(problemOf(whole)).toBe('none')
})

test('[H4] a file whose length its program did not know is read to its end', () => {
  const piped = file()
  piped.writeUInt32LE(0xffff_ffff, 4)
  piped.writeUInt32LE(0xffff_ffff, 40)
  expect(soundOf(piped)).toEqual(soundOf(file()))
})

const header = file().subarray(0, 44)
const wrong: [string, Buffer, string][] = [
  ['nothing', Buffer.alloc(0), 'it is no WAV file'],
  ['an MP3', Buffer.from('ID3\u0004xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'), 'it is no WAV file'],
  ['big-endian', Buffer.from('RIFXxxxxWAVE'), 'it is no WAV file'],
  ['a picture in RIFF', Buffer.from('RIFF\0\0\0\0WEBPVP8 \0\0\0\0'), 'it is no WAV file'],
  ['a header alone', header, 'it ends within its "data" part'],
  ['no samples', Buffer.concat([header.subarray(0, 40), Buffer.alloc(4)]), 'it lasts 0 seconds'],
  ['no data part', header.subarray(0, 36), 'it has no samples'],
  ['cut short', file().subarray(0, 5_000), 'it ends within its "data" part'],
  ['floating point', file({ kind: 3, bits: 32 }), 'its samples are floating point, not PCM'],
  ['mu-law', file({ kind: 7, bits: 8 }), 'its samples are mu-law, not PCM'],
  ['an unknown kind', file({ kind: 4_711 }), 'its samples are of kind 4711, not PCM'],
  ['8 bit', file({ bits: 8 }), 'its samples have 8 bits'],
  ['24 bit', file({ bits: 24 }), 'its samples have 24 bits'],
  ['six channels', file({ channels: 6 }), 'it has 6 channels'],
  ['no channel', file({ channels: 0 }), 'it has 0 channels'],
  ['96 kHz', file({ rate: 96_000 }), 'its rate is 96000 Hz'],
  ['no rate', file({ rate: 0, data: Buffer.alloc(8) }), 'its rate is 0 Hz'],
  ['too short', file({ data: Buffer.alloc(2 * 1_600) }), 'it lasts 0.1 seconds'],
  ['too long', file({ data: Buffer.alloc(2 * 160_160) }), 'it lasts 10.01 seconds'],
  ['too large', file({ data: Buffer.alloc(wavBytes) }), `it has ${wavBytes + 44} bytes`],
]

test.each(wrong)('[H4] %s is refused', (_, bytes, reason) => {
  expect(problemOf(bytes)).toBe(reason)
})

test('[H4] a part that comes before its format is refused', () => {
  const whole = file()
  const swapped = Buffer.concat([whole.subarray(0, 12), whole.subarray(36), whole.subarray(12, 36)])
  expect(problemOf(swapped)).toBe('it does not say its format before its samples')
})

test('[H4] a refusal says what was wrong and what would be right', () => {
  const reading = readWav(file({ bits: 24 }))
  if (reading.is !== 'bad') throw new Error('taken')
  expect(problem(reading.refusal, 'req_1')).toMatchObject({
    status: 400,
    detail:
      'The audio cannot be used: its samples have 24 bits. Send a WAV file of at most 1 MiB: PCM, 16 bit, one or two channels, 8,000 to 48,000 Hz, 0.2 to 10 seconds.',
  })
})

test('[H4] the longest and the shortest are taken', () => {
  expect(problemOf(file({ data: Buffer.alloc(2 * 16 * lineMsMost) }))).toBe('none')
  expect(problemOf(file({ data: Buffer.alloc(2 * 16 * 200) }))).toBe('none')
})

test('[H4] whatever the bytes are: a sound of at most ten seconds, or a refusal', () => {
  printSeed('WAV files')
  const whole = file()
  const broken = fc
    .array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .chain((changes) =>
      fc.nat(whole.length).map((length) => ({ changes, length: length % 3 === 0 ? whole.length : length })),
    )
    .map(({ changes, length }) => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of changes) bytes[at] = value
      return bytes.subarray(0, length)
    })
  const anything = fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), bytes]))
  fc.assert(
    fc.property(fc.oneof({ weight: 3, arbitrary: broken }, { weight: 1, arbitrary: anything }), (bytes) => {
      const reading = readWav(bytes)
      if (reading.is === 'bad') expect(reading.refusal.why).toBe('audio_unfit')
      else
        for (const format of formats)
          expect(reading.sound[format].length).toBeLessThanOrEqual(bytesPerMs[format] * (lineMsMost + 1))
    }),
    { seed, numRuns: 2_000 },
  )
})

test('[H4] a file that lies within another array is read where it is', () => {
  const [before, bytes] = [Buffer.alloc(7, 1), file()]
  const inside = new Uint8Array(Buffer.concat([before, bytes, before])).subarray(7, 7 + bytes.length)
  expect(soundOf(inside)).toEqual(soundOf(bytes))
})

test('[H4] each sample becomes a G.711 code that is off by half a step at most', () => {
  for (let sample = -32_768; sample <= 32_767; sample++) {
    const size = Math.abs(sample)
    const [mu, a] = [Math.abs(muLawSample(muLaw(sample)) - sample), Math.abs(aLawSample(aLaw(sample)) - sample)]
    if (mu > (size + 132) / 32 || a > Math.max(8, size / 32)) expect({ sample, mu, a }).toBe('nearer')
  }
})

test('[H4] a G.711 code becomes itself again', () => {
  for (let code = 0; code < 256; code++) {
    if (code !== 0x7f) expect(muLaw(muLawSample(code))).toBe(code) // minus nought is nought
    expect(aLaw(aLawSample(code))).toBe(code)
  }
})

test('[H4] bytes are base64 as everyone else writes it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => base64(bytes) === Buffer.from(bytes).toString('base64')),
    { seed },
  )
})
