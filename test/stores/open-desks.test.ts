// Which desks a node remembers: all at which something happens, and of the others those that were used last.
import { beforeEach, expect, test } from 'vitest'
import { OpenDesks } from '../../broker/stores/open-desks.ts'

const idleMost = 3
let idle: Set<string>
let forgotten: string[]
let desks: OpenDesks<{ tenant: string }>
beforeEach(() => {
  ;[idle, forgotten] = [new Set(), []]
  desks = new OpenDesks({
    idleMost,
    make: (tenant) => ({ tenant }),
    idle: ({ tenant }) => idle.has(tenant),
    forgotten: (tenant) => forgotten.push(tenant),
  })
})

function ask(...tenants: string[]): void {
  for (const tenant of tenants) expect(desks.of(tenant).tenant).toBe(tenant)
}

test('[G6] however many are busy, the one that is asked for is remembered, and so are they', () => {
  ask('a', 'b', 'c', 'd')
  idle.add('e') // as each is when it is made
  const fifth = desks.of('e')
  expect([desks.of('e') === fifth, forgotten, desks.all().length]).toEqual([true, [], 5])
})

test('[G6] of those that are idle the ones used last are remembered, and one that was forgotten is made anew', () => {
  const busy = ['busy1', 'busy2', 'busy3', 'busy4']
  ask('a', ...busy, 'b', 'c')
  idle = new Set(['a', 'b', 'c', 'd', 'e'])
  const first = desks.of('a') // used again
  ask('d')
  expect(forgotten).toEqual(['b'])
  ask('e')
  expect(forgotten).toEqual(['b', 'c'])
  expect(desks.all().map(([tenant]) => tenant)).toEqual([...busy, 'a', 'd', 'e'])
  expect(desks.of('a')).toBe(first)
})
