// Asks the browser for the microphone. A refusal is an answer, not an exception: the sentence to show.
import { microphoneSentence } from './sentences.ts'

export async function openMicrophone(): Promise<MediaStream | string> {
  if (!window.isSecureContext) return microphoneSentence('InsecureContext')
  try {
    const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true }
    return await navigator.mediaDevices.getUserMedia({ audio })
  } catch (error) {
    return microphoneSentence(error instanceof Error ? error.name : 'unknown error')
  }
}

export function closeMicrophone(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
