// What running replies of one call are taken to need.
import { expect, test } from 'vitest'
import { Holds } from '../../src/holds.ts'
import { firstReply } from '../../src/limits.ts'
import { readUsage } from '../../src/realtime/usage.ts'

const usage = (input: number, output: number) => readUsage({ input_tokens: input, output_tokens: output })

test('[L4] the first reply is taken to need what first replies do, and at most what it may say', () => {
  const holds = new Holds()
  expect(holds.hold).toBeUndefined()
  holds.began('a', 50)
  expect(holds.hold).toEqual({ ...firstReply, output: 50 })
  holds.began('b', undefined)
  expect(holds.hold).toEqual({
    input: 2 * firstReply.input,
    output: 50 + firstReply.output,
    micro_usd: 2 * firstReply.micro_usd,
  })
})

test('[L4] the next one reads what the last one read and said', () => {
  const holds = new Holds()
  holds.began('a', undefined)
  holds.finished('a', usage(700, 100), 5_000)
  holds.began('b', undefined)
  expect(holds.hold).toEqual({ input: 800, output: 100, micro_usd: 5_000 })
  holds.finished('b', usage(800, 0), 100)
  holds.began('c', undefined)
  expect(holds.hold).toEqual({ input: 800, output: 1, micro_usd: 100 })
})

test('[L4] a reply of which nothing is reported lets go, and teaches nothing', () => {
  const holds = new Holds()
  holds.began('a', undefined)
  holds.finished('a', undefined, 0)
  expect(holds.hold).toEqual({ input: 0, output: 0, micro_usd: 0 })
  holds.began('b', undefined)
  expect(holds.hold).toEqual(firstReply)
  expect([holds.heldTokens, holds.settledTokens, holds.firstReplyTokens]).toEqual([0, 0, null])
})

test('[L4] a reply that took nothing, as one that was refused, lets go, and teaches nothing either', () => {
  const holds = new Holds()
  for (const id of ['a', 'b']) {
    holds.began(id, undefined)
    holds.finished(id, usage(0, 0), 0)
    expect([holds.hold, holds.firstReplyTokens]).toEqual([{ input: 0, output: 0, micro_usd: 0 }, null])
  }
  holds.began('c', undefined)
  expect(holds.hold).toEqual(firstReply)
  expect([holds.heldTokens, holds.settledTokens]).toEqual([2 * (firstReply.input + firstReply.output), 0])
  holds.finished('c', usage(0, 1), 64)
  holds.began('d', undefined)
  expect([holds.hold, holds.firstReplyTokens]).toEqual([{ input: 1, output: 1, micro_usd: 64 }, 1])
})

test('[L4] what was held is compared with what came of it, for replies that were held for', () => {
  const holds = new Holds()
  holds.finished('unheard of', usage(300, 20), 1)
  expect([holds.heldTokens, holds.settledTokens, holds.firstReplyTokens]).toEqual([0, 0, 320])
  holds.began('a', undefined)
  holds.finished('a', usage(400, 30), 1)
  expect([holds.heldTokens, holds.settledTokens, holds.firstReplyTokens]).toEqual([340, 430, 320])
})
