// WAV files for tests, right ones and wrong ones. Knows nothing of what is said.

/** PCM16 mono, unless something else is asked for. */
export function wav(
  pcm: Buffer,
  rate = 24_000,
  { kind = 1, channels = 1, bits = 16 }: { kind?: number; channels?: number; bits?: number } = {},
): Buffer {
  const frame = (channels * bits) / 8
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + pcm.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(kind, 20)
  head.writeUInt16LE(channels, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * frame, 28) // bytes a second
  head.writeUInt16LE(frame, 32) // bytes a frame
  head.writeUInt16LE(bits, 34)
  head.write('data', 36)
  head.writeUInt32LE(pcm.length, 40)
  return Buffer.concat([head, pcm])
}

/** A tone as PCM16, the same in every channel. */
export function sine(hertz: number, rate: number, seconds: number, channels = 1): Buffer {
  const frames = Math.round(rate * seconds)
  const pcm = Buffer.alloc(frames * channels * 2)
  for (let at = 0; at < frames * channels; at++) {
    const sample = 10_000 * Math.sin((2 * Math.PI * hertz * Math.floor(at / channels)) / rate)
    pcm.writeInt16LE(Math.round(sample), at * 2)
  }
  return pcm
}
