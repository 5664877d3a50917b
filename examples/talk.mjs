// A spoken turn through the broker with the `openai` SDK: NODE_EXTRA_CA_CERTS=.trunkline/ca.pem npx node examples/talk.mjs
import { readFileSync } from 'node:fs'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'

const { tlsUrl, key } = JSON.parse(readFileSync('.trunkline/dev.json', 'utf8'))
const question = Buffer.concat([readFileSync('web/recording/question-1.wav').subarray(44), Buffer.alloc(48_000)])

const call = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1' }, new OpenAI({ apiKey: key, baseURL: `${tlsUrl}/v1` }))
call.on('session.created', () => call.send({ type: 'input_audio_buffer.append', audio: question.toString('base64') }))
call.on('response.output_audio_transcript.done', ({ transcript }) => console.log(`answer: ${transcript}`))
call.on('response.done', ({ response }) => (console.log(`used: ${response.usage.total_tokens} tokens`), call.close()))
call.on('error', (error) => console.error(error.message))
