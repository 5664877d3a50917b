// What a bug in one call does: the call is over, its caller is told, its desk knows, and whoever ran it hears nothing.
import { expect, test } from 'vitest'
import { Exchange } from '../../src/exchange.ts'
import { Guard } from '../../src/guard.ts'
import { dialTimeoutMs } from '../../src/limits.ts'
import type { Dial } from '../../src/ports.ts'
import { HandHost, offer, passes, RecordedSocket, target, terms } from './host.ts'

const bug = new Error('a bug')
function aBug(): never {
  throw bug
}
const deaf = { send: aBug, close: () => undefined, buffered: 0 }
const granted = { is: 'granted', terms } as const
const queued = { is: 'queued', terms, place: 0, short: 'lines', etaMs: null } as const

/** A call that a guard runs, and whose provider is dialled so. */
function dialling(open: () => Dial) {
  const { clock, desks, sounds, prices } = new HandHost()
  const [faults, settled]: [unknown[], string[]] = [[], []]
  const fault = (error: unknown): void => void faults.push(error)
  const guard: Guard = new Guard(() => exchange, fault)
  const own = { settled: (call: string) => void settled.push(call), waits: () => undefined }
  const brings = guard.brings({ clock, desks, sounds, prices, upstream: { open }, fault, ...own })
  const exchange = new Exchange(offer, target, terms, clock.now(), brings)
  return { clock, desks, faults, settled, guard, exchange, caller: new RecordedSocket(clock) }
}

function outcomes({ desks, settled }: ReturnType<typeof dialling>): unknown[] {
  return [desks.records.map(({ outcome }) => `${outcome.by}: ${outcome.why}`), settled]
}

test('[C1] a dial that throws: its caller is told and closed, its desk has the record', async () => {
  const call = dialling(aBug)
  call.guard.run(() => call.exchange.begin(call.caller, granted))
  await passes(call.clock, 1_000)
  expect([call.caller.errors, call.caller.closes]).toMatchObject([['internal_error'], [{ code: 1011 }]])
  expect([outcomes(call), call.faults]).toEqual([[['broker: bug'], [offer.call]], [bug]])
})

test('[C1] what breaks when its provider has answered breaks no promise of its host', async () => {
  const call = dialling(() => ({ opened: Promise.resolve(deaf), abandon: () => undefined }))
  call.exchange.begin(call.caller, granted)
  call.exchange.fromCaller('{"type":"response.create"}')
  await passes(call.clock, 1_000)
  expect([call.caller.errors, call.caller.closes]).toMatchObject([['internal_error'], [{ code: 1011 }]])
  expect([outcomes(call), call.faults]).toEqual([[['broker: bug'], [offer.call]], [bug]])
})

test('[C1] a part of its end that breaks keeps back no other, and no timer of its clock', async () => {
  const call = dialling(() => ({ opened: new Promise(() => undefined), abandon: aBug }))
  call.exchange.begin(call.caller, granted)
  await passes(call.clock, dialTimeoutMs)
  expect([call.caller.errors, outcomes(call)]).toEqual([
    ['upstream_timeout'],
    [['upstream: upstream_silent'], [offer.call]],
  ])
  expect(call.faults).toEqual([bug])
})

test('[C1] a caller that nothing can be sent to is over, whoever would send', async () => {
  const call = dialling(() => ({ opened: new Promise(() => undefined), abandon: () => undefined }))
  call.exchange.begin(Object.assign(call.caller, { send: aBug }), queued)
  await passes(call.clock, 1_000)
  expect([call.caller.closes, outcomes(call)]).toMatchObject([[{ code: 1011 }], [['broker: bug'], [offer.call]]])
})

test('[C1] a turn that a heartbeat brings, and that breaks, is no fault of the desk: the call is over, and holds its line no more', async () => {
  const call = dialling(aBug)
  call.exchange.begin(call.caller, queued)
  call.desks.answer = granted
  await call.exchange.heartbeat()
  await call.exchange.heartbeat()
  expect([outcomes(call), call.desks.renewed]).toEqual([[['broker: bug'], [offer.call]], 0])
})

test('[C1] what cannot even be ended is told, and throws at nobody', () => {
  const faults: unknown[] = []
  const guard = new Guard(
    () => ({ cut: aBug }),
    (error) => faults.push(error),
  )
  guard.run(aBug)
  expect(faults).toEqual([bug, bug])
})
