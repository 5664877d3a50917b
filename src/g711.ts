// 16-bit samples as G.711 codes. Knows no rate and no file. ITU-T G.711, tables 1a and 2a.

const muLawBias = 0x84
const muLawMost = 0x7fff - muLawBias

export function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const level = Math.min(Math.abs(sample), muLawMost) + muLawBias
  const segment = 24 - Math.clz32(level) // the highest bit is one of bits 7 to 14
  return ~(sign | (segment << 4) | ((level >> (segment + 3)) & 0x0f)) & 0xff
}

export function aLaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80
  const level = sample < 0 ? -sample - 1 : sample // -1 is in the first step below zero
  const segment = Math.max(0, 24 - Math.clz32(level))
  const step = (level >> (segment === 0 ? 4 : segment + 3)) & 0x0f
  return (sign | (segment << 4) | step) ^ 0x55
}
