// Audio arithmetic of the page: the wire's PCM, the resampler, and what was heard of an answer.
import { describe, expect, test } from 'vitest'
import { decodePcm, encodePcm, loudness, pcmMs } from '../../web/pcm.ts'
import { cutsAt, leadSeconds, nextStart } from '../../web/playout.ts'
import { createResampler } from '../../web/resampler.ts'

function tone(hertz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from(
    { length: rate * seconds },
    (_sample, at) => 0.5 * Math.sin((2 * Math.PI * hertz * at) / rate),
  )
}

function resampled(input: Float32Array, fromRate: number): number[] {
  const resampler = createResampler(fromRate, 24_000, 1_440)
  const output: number[] = []
  for (let at = 0; at < input.length; at += 128) {
    for (const chunk of resampler.push(input.slice(at, at + 128))) output.push(...chunk)
  }
  return output
}

describe('PCM of the wire', () => {
  test('[WEB] samples are little-endian 16-bit words, clipped at full scale', () => {
    expect(atob(encodePcm(Float32Array.of(0, 1, -1, 2, 1 / 0x7fff)))).toBe('\x00\x00\xff\x7f\x00\x80\xff\x7f\x01\x00')
  })

  test('[WEB] what is encoded decodes to the same sound, within one step', () => {
    const sound = tone(440, 24_000, 0.1)
    const back = decodePcm(encodePcm(sound))
    expect(back).toHaveLength(sound.length)
    sound.forEach((sample, at) => expect(Math.abs((back?.[at] ?? 9) - sample)).toBeLessThan(2 / 0x8000))
  })

  test('[WEB] text that is not base64 decodes to nothing, and half a sample is dropped', () => {
    expect(decodePcm('***')).toBeUndefined()
    expect(decodePcm(btoa('\x00\x40\x00'))).toEqual(Float32Array.of(0.5))
  })

  test('[WEB] the length of audio is read off its base64', () => {
    for (const samples of [0, 1, 2, 3, 1_440]) expect(pcmMs(encodePcm(new Float32Array(samples)))).toBe(samples / 24)
  })

  test('[WEB] loudness is 0 for silence and rises with the level up to 1', () => {
    expect(loudness(new Float32Array(128))).toBe(0)
    expect(loudness(new Float32Array(0))).toBe(0)
    expect(loudness(new Float32Array(128).fill(1))).toBeCloseTo(1)
    expect(loudness(new Float32Array(128).fill(0.1))).toBeCloseTo(2 / 3)
  })
})

describe('resampler', () => {
  test.each([48_000, 44_100, 16_000, 24_000])('[WEB] a second at %i Hz gives a second at 24 kHz', (rate) => {
    const output = resampled(tone(440, rate, 1), rate)
    expect(output.length).toBeGreaterThan(24_000 - 2 * 1_440)
    expect(output.length).toBeLessThanOrEqual(24_000)
  })

  test.each([48_000, 44_100, 16_000])('[WEB] a voice at %i Hz keeps its level, across block borders', (rate) => {
    const output = resampled(tone(1_000, rate, 1), rate).slice(100)
    expect(Math.max(...output)).toBeGreaterThan(0.48)
    expect(Math.max(...output)).toBeLessThan(0.52)
    const steps = output.slice(1).map((sample, at) => Math.abs(sample - (output[at] ?? 0)))
    expect(Math.max(...steps)).toBeLessThan(0.14)
  })

  test('[WEB] what 24 kHz cannot carry is removed, not folded back', () => {
    const output = resampled(tone(16_000, 48_000, 1), 48_000).slice(100)
    expect(Math.max(...output.map(Math.abs))).toBeLessThan(0.02)
  })
})

describe('playout', () => {
  const pieces = [
    { itemId: 'a', contentIndex: 0, startsAt: 10, seconds: 0.5 },
    { itemId: 'a', contentIndex: 0, startsAt: 10.5, seconds: 0.5 },
    { itemId: 'b', contentIndex: 0, startsAt: 11, seconds: 1 },
  ]

  test('[WEB] a piece starts where the last one ends, or a little later when that is past', () => {
    expect(nextStart(pieces, 11.2)).toBe(12)
    expect(nextStart(pieces, 12.5)).toBe(12.5 + leadSeconds)
    expect(nextStart([], 3)).toBe(3 + leadSeconds)
  })

  test('[WEB] a cut tells what was really heard of each unfinished item', () => {
    expect(cutsAt(pieces, 10.75)).toEqual([
      { itemId: 'a', contentIndex: 0, heardMs: 750 },
      { itemId: 'b', contentIndex: 0, heardMs: 0 },
    ])
    expect(cutsAt(pieces, 11.25)).toEqual([{ itemId: 'b', contentIndex: 0, heardMs: 250 }])
    expect(cutsAt(pieces, 12)).toEqual([])
  })

  test('[WEB] a pause between two pieces is not counted as heard', () => {
    const late = [
      { itemId: 'a', contentIndex: 0, startsAt: 1, seconds: 1 },
      { itemId: 'a', contentIndex: 0, startsAt: 5, seconds: 1 },
    ]
    expect(cutsAt(late, 4)).toEqual([{ itemId: 'a', contentIndex: 0, heardMs: 1_000 }])
  })
})
