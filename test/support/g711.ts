// G.711 codes as 16-bit samples, for tests that listen. ITU-T G.711, tables 1b and 2b.

export function muLawSample(code: number): number {
  const bits = ~code & 0xff
  const magnitude = (((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7)
  return bits & 0x80 ? 0x84 - magnitude : magnitude - 0x84
}

export function aLawSample(code: number): number {
  const bits = code ^ 0x55
  const segment = (bits >> 4) & 7
  const step = ((bits & 0x0f) << 4) + 8
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}
