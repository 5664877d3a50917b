// PCM16 mono as a WAV file, for a browser's fake microphone. Knows nothing of what is said.

export function wav(pcm: Buffer, rate = 24_000): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + pcm.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20) // PCM
  head.writeUInt16LE(1, 22) // channels
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * 2, 28) // bytes a second
  head.writeUInt16LE(2, 32) // bytes a frame
  head.writeUInt16LE(16, 34) // bits a sample
  head.write('data', 36)
  head.writeUInt32LE(pcm.length, 40)
  return Buffer.concat([head, pcm])
}
