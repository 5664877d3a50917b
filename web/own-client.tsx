// How to call with one's own program instead of this page.
import type { VNode } from 'preact'

function snippet(host: string): string {
  return `import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'

const client = new OpenAI({ apiKey: process.env.TRUNKLINE_KEY, baseURL: 'https://${host}/v1' })
const call = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1' }, client)
call.on('session.created', () => call.send({ type: 'response.create', response: { instructions: 'Say hello.' } }))
call.on('response.output_audio_transcript.done', (event) => console.log(event.transcript))
call.on('error', (error) => console.error(error.message))`
}

export function OwnClient(): VNode {
  const plain = location.protocol === 'http:'
  return (
    <details class="panel own" data-testid="own-client">
      <summary>Use your own client</summary>
      <p>
        Keep the <code>openai</code> package (<code>npm install openai ws</code>) and point it here. Only the address
        and the key change.
      </p>
      <pre tabIndex={0}>
        <code>{snippet(location.host)}</code>
      </pre>
      {plain && (
        <p class="note">
          The package dials <code>wss:</code> always, so it needs this broker’s https address; this page came over http.
          The start command prints it.
        </p>
      )}
    </details>
  )
}
