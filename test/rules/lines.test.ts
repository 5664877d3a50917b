// The lines that we ship, as files and as text, and which line is said to whom.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HoldSettings, Overflow } from '../../src/hold-settings.ts'
import { lineCharacters, lineMsLeast, lineMsMost } from '../../src/limits.ts'
import { lineNames, shippedLines, wording, type OwnLines } from '../../src/lines.ts'
import { resampled } from '../../src/resample.ts'
import { bytesPerMs, formats, recorded, type Format } from '../../src/sound.ts'
import { aLawSample, muLawSample } from '../support/g711.ts'

const room = new URL('../../web/public/hold/', import.meta.url)
const shipped = Object.entries(shippedLines).flatMap(([language, lines]) =>
  Object.entries(lines).map(([name, line]) => ({ language, name, line })),
)

function samplesOf(format: Format, bytes: Buffer): number[] {
  if (format === 'audio/pcm') return Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readInt16LE(at * 2))
  return Array.from(bytes, format === 'audio/pcmu' ? muLawSample : aLawSample)
}

function rms(samples: readonly number[]): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
}

/** Loudness of each tenth of a second at 8 kHz, in dB. */
function contour(samples: readonly number[]): number[] {
  const step = 800
  const parts = Array.from({ length: Math.floor(samples.length / step) }, (_, i) =>
    samples.slice(i * step, (i + 1) * step),
  )
  return parts.map((part) => 20 * Math.log10(rms(part) + 1))
}

test.each(shipped)(
  '[H4] "$name" ($language) is there in each format: as long as it says, loud enough, not clipped',
  ({ line }) => {
    const heard = formats.map((format) => {
      const bytes = readFileSync(new URL(line.files[format], room))
      expect(bytes.subarray(0, 4).toString()).not.toBe('RIFF')
      expect(Math.abs(bytes.length / bytesPerMs[format] - line.ms)).toBeLessThan(2)
      expect(recorded(format, bytes).ms).toBeCloseTo(line.ms, -1)
      const samples = samplesOf(format, bytes)
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
      expect(peak).toBeGreaterThan(12_000)
      expect(peak).toBeLessThan(32_000)
      expect(rms(samples)).toBeGreaterThan(2_000)
      return contour(format === 'audio/pcm' ? [...resampled(Float32Array.from(samples), 24_000, 8_000)] : samples)
    })
    // The three say the same: equally loud, at 8 kHz, wherever they are not nearly silent.
    const [wide = [], ...narrow] = heard
    for (const other of narrow)
      for (const [i, level] of wide.entries()) if (level > 55) expect(Math.abs((other[i] ?? 0) - level)).toBeLessThan(2)
    expect(line.ms).toBeLessThanOrEqual(4_000)
    expect(line.ms).toBeGreaterThanOrEqual(lineMsLeast)
  },
)

test('[H4] every language has every line, and there is English', () => {
  expect(Object.keys(shippedLines)).toContain('en')
  for (const lines of Object.values(shippedLines))
    expect(Object.keys(lines).toSorted()).toEqual([...lineNames].toSorted())
})

test('[H4] the files are well under a megabyte, and none is there for nothing', () => {
  const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.'))
  const named = new Set(shipped.flatMap(({ line }) => Object.values(line.files)))
  expect(new Set(files)).toEqual(named)
  const bytes = files.reduce((sum, path) => sum + readFileSync(new URL(path, room)).length, 0)
  expect(bytes).toBeLessThan(900_000)
  expect(lineMsMost).toBeGreaterThan(4_000)
  expect(existsSync(new URL('../../tools/hold.ts', import.meta.url))).toBe(true)
})

const own: OwnLines = {
  joined: { de: { text: 'Bitte warten.', audio: 'aud_1' }, en: { text: 'Please wait.', audio: null } },
}
const phone = { as: 'audio', format: 'audio/pcmu' } as const

test('[H4] a tenant without lines has ours, in the format of the session or as text', () => {
  expect(wording('next', 'en', {}, phone)).toEqual({
    text: 'You are next in line.',
    sound: { is: 'shipped', path: '/hold/en/next.ulaw' },
  })
  expect(wording('next', 'en', {}, { as: 'text' })).toEqual({ text: 'You are next in line.', sound: null })
})

test('[H4] a tenant’s own line is said where it has one, in its language', () => {
  expect(wording('joined', 'de', own, phone)).toEqual({
    text: 'Bitte warten.',
    sound: { is: 'uploaded', audio: 'aud_1' },
  })
  expect(wording('joined', 'de-AT', own, { as: 'text' })).toEqual({ text: 'Bitte warten.', sound: null })
  expect(wording('sorry', 'de', own, phone).sound).toEqual({ is: 'shipped', path: '/hold/en/sorry.ulaw' })
})

test('[H4] a text without sound is for text sessions: what is heard and what is written are the same', () => {
  expect(wording('joined', 'en', own, { as: 'text' }).text).toBe('Please wait.')
  expect(wording('joined', 'en', own, phone)).toEqual({
    text: shippedLines['en']?.joined.text,
    sound: { is: 'shipped', path: '/hold/en/joined.ulaw' },
  })
})

test('[H4] a language that is nobody’s, or a name of every object, is answered in English', () => {
  for (const language of ['fr', 'constructor', '__proto__', '']) {
    expect(wording('next', language, {}, { as: 'text' }).text).toBe('You are next in line.')
    expect(wording('joined', language, { joined: { de: { text: 'x', audio: null } } }, { as: 'text' }).text).toBe(
      shippedLines['en']?.joined.text,
    )
  }
})

test('[H4] settings are complete without a word, and keep what they are given', () => {
  expect(HoldSettings.parse({})).toEqual({
    language: 'en',
    lines: {},
    repeatSeconds: 60,
    patienceSeconds: null,
    format: 'audio/pcm',
  })
  const given = {
    language: 'de-AT',
    lines: { joined: { de: { text: 'Bitte warten.', audio: 'aud_0193a1b2-c3d4' } } },
    repeatSeconds: 0,
    patienceSeconds: 0,
    format: 'audio/pcmu',
  }
  expect(HoldSettings.parse(given)).toEqual(given)
  expect(HoldSettings.parse({ lines: { full: { en: { text: ' Busy. ' } } } }).lines.full?.['en']).toEqual({
    text: 'Busy.',
    audio: null,
  })
})

test.each([
  { language: 'English' },
  { language: '__proto__' },
  { lines: { welcome: { en: { text: 'x' } } } },
  { lines: { joined: { en: { text: '' } } } },
  { lines: { joined: { en: { text: 'x'.repeat(lineCharacters + 1) } } } },
  { lines: { joined: { en: { text: 'a\nb' } } } },
  { lines: { joined: { en: { audio: 'aud_1' } } } },
  { lines: { joined: { en: { text: 'x', audio: '../secret' } } } },
  { lines: { joined: { 'e n': { text: 'x' } } } },
  { repeatSeconds: 5 },
  { patienceSeconds: -1 },
  { patienceSeconds: 1.5 },
  { patienceSeconds: 3_601 },
  { format: 'audio/opus' },
  { music: true },
])('[H4] settings that cannot be are refused: %j', (given) => {
  expect(HoldSettings.safeParse(given).success).toBe(false)
})

test('[H6] overflow is one of three', () => {
  for (const mode of ['hold', 'event', 'upgrade']) expect(Overflow.parse(mode)).toBe(mode)
  expect(Overflow.safeParse('busy').success).toBe(false)
})
