// One dial: what came of it is said once, in time, and nothing of it stays. The clock and the provider in hand.
import { expect, test } from 'vitest'
import { dial } from '../../src/dialling.ts'
import { dialTimeoutMs } from '../../src/limits.ts'
import { HandHost, settle, target } from './host.ts'

const deaf = { message: () => undefined, closed: () => undefined }

function dialled() {
  const host = new HandHost()
  const said: string[] = []
  const dialling = dial(host, target, deaf, {
    opened: () => said.push('opened'),
    unopened: ({ why }) => said.push(why),
  })
  return { host, said, dialling }
}

test('[C6] a dial that opens says so, and looks at the clock no more', async () => {
  const { host, said } = dialled()
  expect(host.clock.waiting).toBe(1)
  await host.upstream.opens()
  expect([said, host.clock.waiting]).toEqual([['opened'], 0])
})

test('[C7] a dial that fails says so, and looks at the clock no more', async () => {
  const { host, said } = dialled()
  await host.upstream.fails(new Error('no such host'))
  expect([said, host.clock.waiting]).toEqual([['upstream_unreachable'], 0])
})

test('[C7] a dial that is not answered in time has failed; given up, it closes what it still brings', async () => {
  const { host, said, dialling } = dialled()
  host.clock.pass(dialTimeoutMs - 1)
  expect(said).toEqual([])
  host.clock.pass(1)
  expect(said).toEqual(['upstream_silent'])
  dialling.abandon()
  await host.upstream.opens()
  expect(host.upstream.socket?.closes).toMatchObject([{ code: 1000 }])
})

test('[C6] a dial that is forgotten is not late', async () => {
  const { host, said, dialling } = dialled()
  dialling.forget()
  host.clock.pass(dialTimeoutMs)
  await settle()
  expect([said, host.clock.waiting]).toEqual([[], 0])
})
