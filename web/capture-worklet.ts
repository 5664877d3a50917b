// Runs on the audio thread: whatever flows in becomes 24 kHz mono chunks for the page. Knows no call.
import { wireRate } from './pcm.ts'
import { createResampler } from './resampler.ts'

// The audio thread's globals, which TypeScript's DOM library leaves out (Web Audio API 1.1, section 1.32).
declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void

/** 60 ms: short enough to be prompt, long enough to keep the frames few. */
const chunkSamples = 0.06 * wireRate
/** Samples in a render quantum, for the silence of an unconnected input. */
const quantum = 128

class Capture extends AudioWorkletProcessor {
  readonly resampler = createResampler(sampleRate, wireRate, chunkSamples)

  process(inputs: Float32Array[][]): boolean {
    for (const chunk of this.resampler.push(mono(inputs[0] ?? []))) this.port.postMessage(chunk, [chunk.buffer])
    return true
  }
}

function mono(channels: Float32Array[]): Float32Array {
  const [first, second] = channels
  if (first === undefined) return new Float32Array(quantum)
  if (second === undefined) return first
  return first.map((sample, index) => (sample + (second[index] ?? 0)) / 2)
}

registerProcessor('capture', Capture)
