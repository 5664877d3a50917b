// The three audio codings of the wire: sizes, loudness, and turning 8 kHz mu-law into each. Knows no sessions.

export type Coding = 'audio/pcm' | 'audio/pcmu' | 'audio/pcma'

/** PCM is 16 bit little-endian at 24 kHz; G.711 is 8 bit at 8 kHz. */
export const BYTES_PER_MS: Readonly<Record<Coding, number>> = { 'audio/pcm': 48, 'audio/pcmu': 8, 'audio/pcma': 8 }

const SILENT_BYTE: Readonly<Record<Coding, number>> = { 'audio/pcm': 0, 'audio/pcmu': 0xff, 'audio/pcma': 0xd5 }

export function silence(coding: Coding, ms: number): Buffer {
  return Buffer.alloc(Math.round(ms) * BYTES_PER_MS[coding], SILENT_BYTE[coding])
}

export function audioMs(coding: Coding, bytes: number): number {
  return bytes / BYTES_PER_MS[coding]
}

// ITU-T G.711: segment and step of a code word to a 16-bit sample.
function muLawSample(code: number): number {
  const bits = ~code & 0xff
  const magnitude = (((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7)
  return bits & 0x80 ? 0x84 - magnitude : magnitude - 0x84
}

function aLawSample(code: number): number {
  const bits = code ^ 0x55
  const segment = (bits >> 4) & 7
  const step = ((bits & 0x0f) << 4) + 8
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

const MU_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, code) => muLawSample(code))
const A_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, code) => aLawSample(code))

const A_LAW_OF_MU_LAW: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const sample = MU_LAW[code] ?? 0
  let best = 0
  for (let candidate = 1; candidate < 256; candidate++) {
    if (Math.abs((A_LAW[candidate] ?? 0) - sample) < Math.abs((A_LAW[best] ?? 0) - sample)) best = candidate
  }
  return best
})

/** Root mean square of the samples, 0 to 32,768. Every fourth PCM sample is enough to tell speech from silence. */
export function loudness(bytes: Buffer, coding: Coding): number {
  let sum = 0
  let count = 0
  if (coding === 'audio/pcm') {
    for (let at = 0; at + 1 < bytes.length; at += 8) {
      const sample = bytes.readInt16LE(at)
      sum += sample * sample
      count += 1
    }
  } else {
    const table = coding === 'audio/pcmu' ? MU_LAW : A_LAW
    for (const code of bytes) {
      const sample = table[code] ?? 0
      sum += sample * sample
      count += 1
    }
  }
  return count === 0 ? 0 : Math.sqrt(sum / count)
}

// A 24-tap Hann-windowed sinc, cut at 4 kHz, as three phases: 8 kHz to 24 kHz without audible images.
const TAPS = 8
const PHASES: readonly (readonly number[])[] = [0, 1, 2].map((phase) => {
  const taps = Array.from({ length: TAPS }, (_, tap) => {
    const x = tap - TAPS / 2 + 1 - phase / 3
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (TAPS / 2 + 1)))
  })
  const sum = taps.reduce((total, tap) => total + tap, 0)
  return taps.map((tap) => tap / sum)
})

function upsampled(muLaw: Buffer): Buffer {
  const out = Buffer.alloc(muLaw.length * 6)
  for (let at = 0; at < muLaw.length; at++) {
    for (const [phase, taps] of PHASES.entries()) {
      let value = 0
      for (const [tap, weight] of taps.entries()) {
        const code = muLaw[at + tap - TAPS / 2 + 1]
        if (code !== undefined) value += (MU_LAW[code] ?? 0) * weight
      }
      out.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(value))), (at * 3 + phase) * 2)
    }
  }
  return out
}

export function recoded(muLaw: Buffer, coding: Coding): Buffer {
  if (coding === 'audio/pcmu') return muLaw
  if (coding === 'audio/pcm') return upsampled(muLaw)
  return Buffer.from(muLaw.map((code) => A_LAW_OF_MU_LAW[code] ?? 0))
}
