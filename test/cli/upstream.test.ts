// Which upstream a start uses, and with which key.
import { expect, test } from 'vitest'
import { chooseUpstream } from '../../cli/upstream.ts'

test('[CLI] without a key and without a name, calls go to the practice upstream', () => {
  expect(chooseUpstream(undefined, undefined).kind).toBe('practice')
  expect(chooseUpstream(undefined, ' ').kind).toBe('practice')
})

test('[CLI] with OPENAI_API_KEY calls go to the real OpenAI', () => {
  expect(chooseUpstream(undefined, 'sk-1\n')).toEqual({
    kind: 'openai',
    url: 'wss://api.openai.com/v1/realtime',
    key: 'sk-1',
  })
})

test('[CLI] a named upstream wins over OpenAI, and is shown the key', () => {
  const url = 'wss://voice.example/v1/realtime'
  expect(chooseUpstream(url, 'sk-1')).toEqual({ kind: 'named', url, key: 'sk-1' })
  expect(chooseUpstream(url, undefined)).toMatchObject({ kind: 'named', url })
})
