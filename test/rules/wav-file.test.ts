// Samples of the wire as a file: a header that players and our own reader understand.
import { expect, test } from 'vitest'
import { formats, type Format } from '../../src/sound.ts'
import { wavFile } from '../../src/wav-file.ts'
import { readWav } from '../../src/wav.ts'

const stated: Record<Format, { code: number; rate: number; bits: number; head: number }> = {
  'audio/pcm': { code: 1, rate: 24_000, bits: 16, head: 44 },
  'audio/pcmu': { code: 7, rate: 8_000, bits: 8, head: 58 },
  'audio/pcma': { code: 6, rate: 8_000, bits: 8, head: 58 },
}

test.each(formats)('[H4] the header of %s states what follows it, byte for byte', (format) => {
  const samples = Uint8Array.from({ length: 480 }, (_, at) => at % 251)
  const file = Buffer.from(wavFile(format, samples))
  const { code, rate, bits, head } = stated[format]
  expect(file.toString('latin1', 0, 4) + file.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ')
  expect(file.readUInt32LE(4)).toBe(file.length - 8)
  expect(file.readUInt16LE(20)).toBe(code)
  expect(file.readUInt16LE(22)).toBe(1)
  expect(file.readUInt32LE(24)).toBe(rate)
  expect(file.readUInt32LE(28)).toBe((rate * bits) / 8)
  expect([file.readUInt16LE(32), file.readUInt16LE(34)]).toEqual([bits / 8, bits])
  expect(file.toString('latin1', head - 8, head - 4)).toBe('data')
  expect(file.readUInt32LE(head - 4)).toBe(480)
  expect(file.subarray(head)).toEqual(Buffer.from(samples))
  if (code !== 1) {
    expect(file.readUInt32LE(16)).toBe(18)
    expect(file.toString('latin1', 38, 42)).toBe('fact')
    expect(file.readUInt32LE(46)).toBe(480)
  }
})

test('[H4] an odd number of samples is padded, and not counted', () => {
  const file = Buffer.from(wavFile('audio/pcmu', new Uint8Array(3).fill(1)))
  expect(file.subarray(-4)).toEqual(Buffer.from([1, 1, 1, 0]))
  expect(file.readUInt32LE(54)).toBe(3)
  expect(file.readUInt32LE(4)).toBe(file.length - 8)
})

test('[H4] what we write is what we read', () => {
  const samples = Uint8Array.from({ length: 48 * 300 }, (_, at) => (at * 7) % 256)
  const reading = readWav(wavFile('audio/pcm', samples))
  expect(reading).toMatchObject({ is: 'sound', ms: 300 })
  if (reading.is === 'sound') expect(reading.sound['audio/pcm']).toEqual(samples)
})
