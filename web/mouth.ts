// What one call says: the microphone, or a recording in its stead, through one capture node at real-time pace.
import type { Sound } from './sound.ts'

/** Silence after a recording, so that the server's voice detection ends the turn. */
const tailMs = 1_000
/** The caller hears the recording too, softer than the answer. */
const monitorGain = 0.4

export interface Mouth {
  /** Says the next recording; resolves when it and its silence are out. */
  speakRecording(): Promise<void>
  close(): void
}

/** `heard` gets chunks of 60 ms, 24 kHz mono, while there is something to say. */
export function openMouth(
  sound: Sound,
  microphone: MediaStream | undefined,
  heard: (chunk: Float32Array) => void,
): Mouth {
  const { input } = sound
  const capture = new AudioWorkletNode(input, 'capture', { numberOfInputs: 1, channelCountMode: 'max' })
  // Its output is silence, but a node that leads nowhere is not run everywhere.
  capture.connect(input.destination)
  const source = microphone === undefined ? undefined : input.createMediaStreamSource(microphone)
  source?.connect(capture)

  let speaking = false
  let closed = false
  let turn = 0
  let recording: AudioBufferSourceNode | undefined
  capture.port.addEventListener('message', (message: MessageEvent<Float32Array>) => {
    if (!closed && (speaking || source !== undefined)) heard(message.data)
  })
  capture.port.start()

  return {
    async speakRecording() {
      const buffer = sound.recordings[turn % sound.recordings.length]
      if (speaking || closed || buffer === undefined) return
      speaking = true
      turn += 1
      source?.disconnect()
      recording = play(input, buffer, capture)
      await ended(recording)
      await new Promise((resolve) => setTimeout(resolve, tailMs))
      speaking = false
      if (!closed) source?.connect(capture)
    },
    close() {
      closed = true
      recording?.stop()
      source?.disconnect()
      capture.disconnect()
      capture.port.close()
    },
  }
}

function play(context: AudioContext, buffer: AudioBuffer, capture: AudioNode): AudioBufferSourceNode {
  const recording = context.createBufferSource()
  recording.buffer = buffer
  const monitor = new GainNode(context, { gain: monitorGain })
  recording.connect(capture)
  recording.connect(monitor).connect(context.destination)
  recording.start()
  return recording
}

function ended(recording: AudioBufferSourceNode): Promise<void> {
  return new Promise((resolve) => recording.addEventListener('ended', () => resolve(), { once: true }))
}
