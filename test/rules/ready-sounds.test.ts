// Sounds that are kept ready: fetched and encoded once, and never more of them than is allowed.
import { beforeEach, expect, test } from 'vitest'
import { ReadySounds } from '../../src/ready-sounds.ts'
import { recorded, type Format } from '../../src/sound.ts'

/** 100 ms of G.711: 1,068 characters in base64. */
const bytes = new Uint8Array(800).fill(7)
const encoded = 1_068
let fetched: string[] = []
beforeEach(() => void (fetched = []))

function load(ready: ReadySounds, name: string, format: Format = 'audio/pcmu'): Promise<unknown> {
  return ready.load(name, format, async () => {
    fetched.push(`${name} ${format}`)
    return bytes
  })
}

test('[H4] a sound is fetched once for all that hear it, in each format by itself', async () => {
  const ready = new ReadySounds(10 * encoded)
  expect(await load(ready, 'a')).toEqual(recorded('audio/pcmu', bytes))
  await load(ready, 'a')
  await load(ready, 'a', 'audio/pcma')
  await load(ready, 'b')
  expect(fetched).toEqual(['a audio/pcmu', 'a audio/pcma', 'b audio/pcmu'])
})

test('[H4] beyond the bound the one goes that was not wanted for the longest time', async () => {
  const ready = new ReadySounds(2 * encoded)
  for (const name of ['a', 'b', 'a', 'c']) await load(ready, name)
  fetched = []
  for (const name of ['c', 'a', 'b']) await load(ready, name)
  expect(fetched).toEqual(['b audio/pcmu'])
})

test('[H4] a sound above the bound is heard, and not kept', async () => {
  const ready = new ReadySounds(encoded - 1)
  expect(await load(ready, 'a')).toEqual(recorded('audio/pcmu', bytes))
  await load(ready, 'a')
  expect(fetched).toHaveLength(2)
})

test('[H4] callers that ask at the same time do not make it count twice', async () => {
  const ready = new ReadySounds(2 * encoded)
  const [first, ...others] = await Promise.all([load(ready, 'a'), load(ready, 'a'), load(ready, 'a')])
  for (const other of others) expect(other).toBe(first) // encoded once
  await load(ready, 'b')
  fetched = []
  await Promise.all([load(ready, 'a'), load(ready, 'b')])
  expect(fetched).toEqual([])
})

test('[H4] what could not be fetched is tried again', async () => {
  const ready = new ReadySounds(2 * encoded)
  const lost = ready.load('a', 'audio/pcmu', () => Promise.reject(new Error('lost')))
  await expect(lost).rejects.toThrow('lost')
  await load(ready, 'a')
  expect(fetched).toHaveLength(1)
})
