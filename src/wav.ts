// Reads a WAV file that somebody uploaded, and turns it into the formats of the wire. Believes no length that the file states. Rule H4.
import { aLaw, muLaw } from './g711.ts'
import { lineMsLeast, lineMsMost, wavBytes } from './limits.ts'
import type { Refusal } from './refusal.ts'
import { resampled } from './resample.ts'
import type { Sound } from './sound.ts'

export type WavReading = { is: 'sound'; sound: Sound; ms: number } | { is: 'bad'; refusal: Refusal }

/** Hz. What phones, browsers, espeak-ng and studios write. */
const rates = new Set([8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
const pcm = 1
/** WAVE_FORMAT_EXTENSIBLE: the kind stands in the first two bytes of its sub-format. */
const extensible = 0xfffe
/** What programs that write into a pipe state for a length that they do not know yet. */
const unstated = 0xffff_ffff

const kinds: Readonly<Record<number, string>> = { 2: 'ADPCM', 3: 'floating point', 6: 'A-law', 7: 'mu-law', 85: 'MP3' }

interface Layout {
  rate: number
  channels: number
  /** Where the samples are. */
  start: number
  end: number
}

export function readWav(bytes: Uint8Array): WavReading {
  if (bytes.length > wavBytes) return bad(`it has ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const layout = layoutOf(view)
  if (typeof layout === 'string') return bad(layout)
  const { rate, channels, start, end } = layout
  const frames = Math.floor((end - start) / (2 * channels))
  const ms = Math.round((frames * 1000) / rate)
  if (ms < lineMsLeast || ms > lineMsMost) return bad(`it lasts ${ms / 1000} seconds`)
  return { is: 'sound', sound: converted(mono(view, start, frames, channels), rate), ms }
}

/** The layout, or what is wrong with the file. */
function layoutOf(view: DataView): Layout | string {
  if (view.byteLength < 12 || tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE') return 'it is no WAV file'
  let format: Pick<Layout, 'rate' | 'channels'> | undefined
  for (let at = 12; at + 8 <= view.byteLength;) {
    const [name, stated] = [tag(view, at), view.getUint32(at + 4, true)]
    const start = at + 8
    const end = stated === unstated ? view.byteLength : start + stated
    if (end > view.byteLength) return `it ends within its "${name}" part`
    if (name === 'fmt ') {
      const read = formatOf(view, start, end)
      if (typeof read === 'string') return read
      format = read
    }
    if (name === 'data')
      return format === undefined ? 'it does not say its format before its samples' : { ...format, start, end }
    at = end + (stated % 2) // parts begin at even places
  }
  return 'it has no samples'
}

function formatOf(view: DataView, start: number, end: number): Pick<Layout, 'rate' | 'channels'> | string {
  if (end - start < 16) return 'its "fmt " part is too short'
  const stated = view.getUint16(start, true)
  const kind = stated === extensible && end - start >= 26 ? view.getUint16(start + 24, true) : stated
  const [channels, rate, bits] = [
    view.getUint16(start + 2, true),
    view.getUint32(start + 4, true),
    view.getUint16(start + 14, true),
  ]
  if (kind !== pcm) return `its samples are ${kinds[kind] ?? `of kind ${kind}`}, not PCM`
  if (bits !== 16) return `its samples have ${bits} bits`
  if (channels !== 1 && channels !== 2) return `it has ${channels} channels`
  return rates.has(rate) ? { rate, channels } : `its rate is ${rate} Hz`
}

function mono(view: DataView, start: number, frames: number, channels: number): Float32Array {
  return Float32Array.from({ length: frames }, (_, frame) => {
    const at = start + frame * 2 * channels
    const left = view.getInt16(at, true)
    return channels === 1 ? left : (left + view.getInt16(at + 2, true)) / 2
  })
}

function converted(samples: Float32Array, rate: number): Sound {
  const wide = Int16Array.from(resampled(samples, rate, 24_000), toSample)
  const narrow = Int16Array.from(resampled(samples, rate, 8_000), toSample)
  const bytes = new Uint8Array(wide.length * 2)
  const view = new DataView(bytes.buffer)
  for (const [at, sample] of wide.entries()) view.setInt16(at * 2, sample, true)
  return {
    'audio/pcm': bytes,
    'audio/pcmu': Uint8Array.from(narrow, muLaw),
    'audio/pcma': Uint8Array.from(narrow, aLaw),
  }
}

function toSample(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)))
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}

function bad(problem: string): WavReading {
  return { is: 'bad', refusal: { why: 'audio_unfit', details: { problem } } }
}
