// Turns a stream of blocks at a device's rate into chunks at the wire's rate. Knows no audio device.

/** Input samples that each output sample looks at, on either side. */
const reach = 16
/** Positions between two input samples for which the kernel is tabulated. */
const phases = 128

export interface Resampler {
  /** Takes one block and returns the chunks that it completed. */
  push(block: Float32Array): Float32Array<ArrayBuffer>[]
}

/** Band-limited by a windowed sinc, so that 44.1 and 48 kHz devices do not alias below 12 kHz. */
export function createResampler(fromRate: number, toRate: number, chunkSamples: number): Resampler {
  const step = fromRate / toRate
  const kernel = tabulate(Math.min(1, toRate / fromRate) * 0.95)
  let history = new Float32Array(reach * 2)
  let position = reach
  let chunk = new Float32Array(chunkSamples)
  let filled = 0

  return {
    push(block) {
      const chunks: Float32Array<ArrayBuffer>[] = []
      const input = new Float32Array(history.length + block.length)
      input.set(history)
      input.set(block, history.length)
      while (position + reach < input.length) {
        chunk[filled] = interpolate(input, position, kernel)
        filled += 1
        position += step
        if (filled === chunkSamples) {
          chunks.push(chunk)
          chunk = new Float32Array(chunkSamples)
          filled = 0
        }
      }
      const consumed = Math.max(0, Math.floor(position) - reach)
      history = input.slice(consumed)
      position -= consumed
      return chunks
    },
  }
}

function interpolate(input: Float32Array, position: number, kernel: readonly Float32Array[]): number {
  const whole = Math.floor(position)
  const taps = kernel[Math.floor((position - whole) * phases)] ?? kernel[0]
  let sum = 0
  for (let tap = 0; tap < reach * 2; tap += 1) sum += (input[whole - reach + 1 + tap] ?? 0) * (taps?.[tap] ?? 0)
  return sum
}

/** One row of taps per phase, each normalised to unit gain at 0 Hz. */
function tabulate(cutoff: number): Float32Array[] {
  return Array.from({ length: phases }, (_row, phase) => {
    const taps = new Float32Array(reach * 2)
    let gain = 0
    for (let tap = 0; tap < taps.length; tap += 1) {
      const distance = tap - reach + 1 - phase / phases
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (reach + 1))
      const value = sinc(distance * cutoff) * window
      taps[tap] = value
      gain += value
    }
    return taps.map((value) => value / gain)
  })
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}
