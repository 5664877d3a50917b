// Sound at another rate: a windowed sinc, one row of weights for each phase. Knows no format.

/** Zero crossings on each side of the middle: the more, the steeper the cut. */
const crossings = 16
/** The cut lies this far below half of the lower rate, so that what folds back is in the slope. */
const margin = 0.92

export function resampled(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples
  const shared = divisor(from, to)
  const [phases, advance] = [to / shared, from / shared]
  const half = Math.ceil(crossings * Math.max(1, from / to))
  const rows = Array.from({ length: phases }, (_, phase) => weights(phase / phases, half, Math.min(1, to / from)))

  const out = new Float32Array(Math.floor((samples.length * to) / from))
  for (let at = 0; at < out.length; at++) {
    const row = rows[(at * advance) % phases] as Float32Array
    const first = Math.floor((at * advance) / phases) - half + 1
    let sum = 0
    for (let tap = Math.max(0, -first); tap < row.length && first + tap < samples.length; tap++) {
      sum += (samples[first + tap] as number) * (row[tap] as number)
    }
    out[at] = sum
  }
  return out
}

/** Weights of the samples around a point that lies `offset` after a sample; their sum is 1. */
function weights(offset: number, half: number, share: number): Float32Array {
  const row = Float32Array.from({ length: 2 * half }, (_, tap) => {
    const x = tap - half + 1 - offset
    const angle = Math.PI * x * share * margin
    return (angle === 0 ? 1 : Math.sin(angle) / angle) * (0.5 + 0.5 * Math.cos((Math.PI * x) / half))
  })
  const sum = row.reduce((total, weight) => total + weight, 0)
  return row.map((weight) => weight / sum)
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}
