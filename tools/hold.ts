// Speaks the lines of src/lines.json into web/public/hold, raw in the three formats of the wire, and notes how long each is.
// `node tools/hold.ts`; needs espeak-ng and sox. The same text gives the same bytes, and is one file for all lines that say it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'

const voices: Readonly<Record<string, string>> = { en: 'en-us+f3' }
const wordsPerMinute = '180'

/** Extension and sox's words for each format. */
const formats = {
  'audio/pcm': ['pcm', '-e', 'signed-integer', '-b', '16', '-L', '-r', '24000'],
  'audio/pcmu': ['ulaw', '-e', 'mu-law', '-b', '8', '-r', '8000'],
  'audio/pcma': ['alaw', '-e', 'a-law', '-b', '8', '-r', '8000'],
} as const

interface Line {
  text: string
  ms: number
  files: Record<string, string>
}

const manifest = 'src/lines.json'
const room = 'web/public/hold'
const lines = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, Record<string, Line>>

for (const [language, named] of Object.entries(lines)) {
  const voice = voices[language]
  if (voice === undefined) throw new Error(`no voice for "${language}"`)
  mkdirSync(`${room}/${language}`, { recursive: true })
  const spoken = new Map<string, Line>()
  for (const [name, line] of Object.entries(named)) {
    const same = spoken.get(line.text)
    if (same === undefined) speak(language, voice, name, line)
    else Object.assign(line, { ms: same.ms, files: same.files })
    spoken.set(line.text, line)
  }
}
writeFileSync(manifest, `${JSON.stringify(lines, null, 2)}\n`)

function speak(language: string, voice: string, name: string, line: Line): void {
  const [spoken, even] = [`/tmp/trunkline-${name}-spoken.wav`, `/tmp/trunkline-${name}.wav`]
  execFileSync('espeak-ng', ['-v', voice, '-s', wordsPerMinute, '-w', spoken, line.text])
  // The silence at both ends goes, but for a moment; level to -3 dBFS. -R and -D: no dither, each run gives the same bytes.
  const trimmed = 'silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse pad 0.02 0.06'.split(' ')
  const level = ['highpass', '120', 'rate', '-v', '24000', 'norm', '-3']
  execFileSync('sox', ['-R', '-D', spoken, '-b', '16', even, ...trimmed, ...level])
  const files: Record<string, string> = {}
  for (const [format, [extension, ...coding]] of Object.entries(formats)) {
    const file = `${language}/${name}.${extension}`
    execFileSync('sox', ['-R', '-D', even, '-t', 'raw', '-c', '1', ...coding, `${room}/${file}`])
    files[format] = file
  }
  line.files = files
  line.ms = Math.ceil(statSync(`${room}/${language}/${name}.pcm`).size / 48)
  rmSync(spoken)
  rmSync(even)
}
