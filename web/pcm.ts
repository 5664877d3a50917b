// Audio as the wire carries it: 16-bit little-endian PCM, 24 kHz, mono, in base64. Knows no audio device.

/** Samples a second on the wire, both ways. */
export const wireRate = 24_000

export function encodePcm(samples: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(samples.length * 2))
  samples.forEach((sample, index) => {
    const clipped = Math.max(-1, Math.min(1, sample))
    bytes.setInt16(index * 2, Math.round(clipped < 0 ? clipped * 0x8000 : clipped * 0x7fff), true)
  })
  let binary = ''
  for (let at = 0; at < bytes.byteLength; at += 1) binary += String.fromCharCode(bytes.getUint8(at))
  return btoa(binary)
}

/** Undefined when the text is not base64. A half sample at the end is dropped. */
export function decodePcm(base64: string): Float32Array<ArrayBuffer> | undefined {
  let binary: string
  try {
    binary = atob(base64)
  } catch {
    return undefined
  }
  const samples = new Float32Array(Math.floor(binary.length / 2))
  for (let index = 0; index < samples.length; index += 1) {
    const unsigned = binary.charCodeAt(index * 2) | (binary.charCodeAt(index * 2 + 1) << 8)
    samples[index] = (unsigned < 0x8000 ? unsigned : unsigned - 0x10000) / 0x8000
  }
  return samples
}

/** Loudness for a meter: 0 at -60 dBFS and below, 1 at full scale. */
export function loudness(samples: Float32Array): number {
  if (samples.length === 0) return 0
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12)
  return Math.max(0, Math.min(1, 1 + decibels / 60))
}

/** Length in milliseconds of base64 PCM, without decoding it. */
export function pcmMs(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  const bytes = Math.floor(base64.length / 4) * 3 - padding
  return Math.max(0, bytes / 2 / (wireRate / 1000))
}
