// The page's two audio contexts and its recordings, opened on the first click, as browsers demand. Knows no call.
// oxlint-disable-next-line import/default -- the suffix is Vite's: it gives the address of the built worklet.
import captureUrl from './capture-worklet.ts?worker&url'
import { wireRate } from './pcm.ts'
import firstQuestion from './recording/question-1.wav?url'
import secondQuestion from './recording/question-2.wav?url'

export interface Sound {
  /** At the device's own rate: some browsers refuse a microphone at any other. */
  readonly input: AudioContext
  /** At the wire's rate, so that pieces of an answer join without a seam. */
  readonly output: AudioContext
  readonly recordings: readonly AudioBuffer[]
}

export async function openSound(): Promise<Sound> {
  const input = new AudioContext()
  const output = new AudioContext({ sampleRate: wireRate, latencyHint: 'interactive' })
  const [, ...recordings] = await Promise.all([
    input.audioWorklet.addModule(captureUrl),
    load(input, firstQuestion),
    load(input, secondQuestion),
    input.resume(),
    output.resume(),
  ])
  return { input, output, recordings: recordings.filter((one) => one instanceof AudioBuffer) }
}

async function load(context: AudioContext, url: string): Promise<AudioBuffer> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`The recording could not be loaded (HTTP ${response.status}).`)
  return context.decodeAudioData(await response.arrayBuffer())
}
