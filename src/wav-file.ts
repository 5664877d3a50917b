// Samples of the wire as a WAV file that a player opens. Knows no tenant; the other way round is wav.ts. Rule H4.
import { bytesPerMs, type Format } from './sound.ts'

/** The kind and the sample size (bytes) as the header states them. */
const kinds: Readonly<Record<Format, { code: number; size: number }>> = {
  'audio/pcm': { code: 1, size: 2 },
  'audio/pcmu': { code: 7, size: 1 },
  'audio/pcma': { code: 6, size: 1 },
}

export function wavFile(format: Format, samples: Uint8Array): Uint8Array<ArrayBuffer> {
  const { code, size } = kinds[format]
  const bytesPerSecond = bytesPerMs[format] * 1000
  // All but PCM state the length of their extension (0), and how many samples there are: theirs have a byte each.
  const body = [u16(code), u16(1), u32(bytesPerSecond / size), u32(bytesPerSecond), u16(size), u16(8 * size)]
  const head =
    code === 1 ? part('fmt ', ...body) : [...part('fmt ', ...body, u16(0)), ...part('fact', u32(samples.length))]
  const parts = [...head, ...ascii('data'), ...u32(samples.length)]
  const padding = samples.length % 2 // parts begin at even places
  const riff = [...ascii('RIFF'), ...u32(4 + parts.length + samples.length + padding), ...ascii('WAVE'), ...parts]
  const file = new Uint8Array(riff.length + samples.length + padding)
  file.set(riff)
  file.set(samples, riff.length)
  return file
}

function part(name: string, ...body: number[][]): number[] {
  const bytes = body.flat()
  return [...ascii(name), ...u32(bytes.length), ...bytes]
}

function u16(value: number): number[] {
  return [value & 0xff, value >> 8]
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)]
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0))
}
