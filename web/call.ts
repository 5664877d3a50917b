// One call: a socket, a mouth and a player, and the record of what happened. Draws nothing.
import { signal, type Signal } from '@preact/signals'
import { advance, newRecord, type CallRecord, type Happening } from './call-record.ts'
import { closeMicrophone } from './microphone.ts'
import { openMouth } from './mouth.ts'
import { decodePcm, encodePcm, loudness } from './pcm.ts'
import { openPlayer } from './player.ts'
import { audioAppend, sessionUpdate, toolOutput, truncation, typedItem } from './session.ts'
import type { Sound } from './sound.ts'
import { answerTool } from './tools.ts'
import { parseEvent, pickNumber, pickText, type WireEvent } from './wire-event.ts'

export interface Call {
  readonly id: number
  readonly source: 'microphone' | 'recording'
  readonly record: Signal<CallRecord>
  readonly heardLevel: Signal<number>
  readonly saidLevel: Signal<number>
  readonly speaking: Signal<boolean>
  speakRecording(): Promise<void>
  interrupt(): void
  type(text: string): void
  hangUp(): void
}

export interface CallWish {
  readonly id: number
  readonly url: string
  readonly protocols: string[]
  readonly sound: Sound
  readonly microphone: MediaStream | undefined
}

/** Times a second at which the meter of the answer moves. */
const meterHz = 15
/** How long the meter goes on after the server has closed. */
const lastWordsMs = 30_000

export function placeCall({ id, url, protocols, sound, microphone }: CallWish): Call {
  const record = signal(newRecord(Date.now()))
  const heardLevel = signal(0)
  const saidLevel = signal(0)
  const speaking = signal(false)
  const player = openPlayer(sound.output)
  const mouth = openMouth(sound, microphone, (chunk) => {
    if (!isLive()) return
    saidLevel.value = loudness(chunk)
    send(audioAppend(encodePcm(chunk)))
  })
  const socket = new WebSocket(url, protocols)
  const silenced = new Set<string>()
  let running: string | undefined
  let asked = false
  let typed = 0
  const meter = setInterval(() => (heardLevel.value = player.level()), 1000 / meterHz)

  const isLive = (): boolean => record.value.phase === 'live' && socket.readyState === WebSocket.OPEN
  const note = (happening: Happening): void => void (record.value = advance(record.value, happening))

  function send(event: WireEvent): void {
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(JSON.stringify(event))
    note({ kind: 'sent', event, at: Date.now() })
  }

  /** Silences the answer and says what was heard of it; whatever still comes of it is dropped. */
  function cut(): void {
    if (running !== undefined) silenced.add(running)
    for (const one of player.stop()) send(truncation(one))
  }

  /** One answer at a time: a second request would be refused while one runs. */
  function ask(): void {
    asked = running !== undefined
    if (!asked) send({ type: 'response.create' })
  }

  function receive(event: WireEvent): void {
    switch (event.type) {
      case 'session.created':
        return void (microphone === undefined && speakRecording())
      case 'input_audio_buffer.speech_started':
        return cut()
      case 'response.created':
        return void (running = pickText(event, 'response', 'id'))
      case 'response.output_audio.delta':
        return hear(event)
      case 'response.function_call_arguments.done': {
        const callId = pickText(event, 'call_id') ?? ''
        const [name, given] = [pickText(event, 'name') ?? '', pickText(event, 'arguments') ?? '']
        send(toolOutput(callId, answerTool(name, given, new Date())))
        return ask()
      }
      case 'response.done':
        running = undefined
        return asked ? ask() : undefined
    }
  }

  function hear(event: WireEvent): void {
    const samples = decodePcm(pickText(event, 'delta') ?? '')
    if (samples === undefined || silenced.has(pickText(event, 'response_id') ?? '')) return
    player.play(pickText(event, 'item_id') ?? '', pickNumber(event, 'content_index') ?? 0, samples)
  }

  async function speakRecording(): Promise<void> {
    if (speaking.value || !isLive()) return
    speaking.value = true
    await mouth.speakRecording()
    speaking.value = false
    if (microphone === undefined) saidLevel.value = 0
  }

  function stopMeter(): void {
    clearInterval(meter)
    heardLevel.value = 0
  }

  function fallSilent(): void {
    mouth.close()
    if (microphone !== undefined) closeMicrophone(microphone)
    saidLevel.value = 0
  }

  socket.addEventListener('open', () => send(sessionUpdate()))
  socket.addEventListener('message', (message: MessageEvent<unknown>) => {
    const event = parseEvent(message.data)
    if (event === undefined || record.value.hungUp) return
    note({ kind: 'received', event, at: Date.now() })
    receive(event)
  })
  socket.addEventListener('close', ({ code, reason }) => {
    note({ kind: 'closed', code, reason, at: Date.now() })
    fallSilent()
    // The last words, a friendly goodbye perhaps, may still be playing.
    setTimeout(stopMeter, record.value.hungUp ? 0 : lastWordsMs)
  })

  return {
    id,
    source: microphone === undefined ? 'recording' : 'microphone',
    record,
    heardLevel,
    saidLevel,
    speaking,
    speakRecording,
    interrupt() {
      cut()
      if (running !== undefined) send({ type: 'response.cancel' })
    },
    type(text) {
      cut()
      if (running !== undefined) send({ type: 'response.cancel' })
      typed += 1
      send(typedItem(`typed_${id}_${typed}`, text))
      ask()
    },
    hangUp() {
      note({ kind: 'hung-up', at: Date.now() })
      player.close()
      fallSilent()
      stopMeter()
      socket.close(1000, 'caller hung up')
    },
  }
}
