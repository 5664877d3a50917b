// Plays the pieces of an answer without a gap, and stops at once, telling what was heard. Knows no events.
import { loudness, wireRate } from './pcm.ts'
import { cutsAt, nextStart, type Cut, type Piece } from './playout.ts'

export interface Player {
  play(itemId: string, contentIndex: number, samples: Float32Array<ArrayBuffer>): void
  /** Silences the rest; returns the items that were cut. */
  stop(): Cut[]
  level(): number
  close(): void
}

interface Playing extends Piece {
  readonly node: AudioBufferSourceNode
}

export function openPlayer(context: AudioContext): Player {
  const meter = new AnalyserNode(context, { fftSize: 1024 })
  meter.connect(context.destination)
  const window = new Float32Array(meter.fftSize)
  let playing: Playing[] = []

  return {
    play(itemId, contentIndex, samples) {
      if (samples.length === 0) return
      const buffer = context.createBuffer(1, samples.length, wireRate)
      buffer.copyToChannel(samples, 0)
      const node = new AudioBufferSourceNode(context, { buffer })
      node.connect(meter)
      // Pieces of items that have played out are of no more use to a cut.
      const items = new Set(cutsAt(playing, context.currentTime).map((cut) => cut.itemId))
      playing = playing.filter((piece) => items.has(piece.itemId) || piece.itemId === itemId)
      const startsAt = nextStart(playing, context.currentTime)
      node.start(startsAt)
      playing.push({ itemId, contentIndex, startsAt, seconds: buffer.duration, node })
    },
    stop() {
      // What has left the context but not the loudspeaker was not heard.
      const cuts = cutsAt(playing, context.currentTime - (context.outputLatency || 0))
      for (const piece of playing) piece.node.stop()
      playing = []
      return cuts
    },
    level() {
      meter.getFloatTimeDomainData(window)
      return loudness(window)
    },
    close() {
      for (const piece of playing) piece.node.stop()
      playing = []
      meter.disconnect()
    },
  }
}
