// What a process knows of itself: a loop that is late, memory that is short, calls that are many; and its file limit.
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { callsMost, openFilesMost } from '../../broker/file-limit.ts'
import { StrainMeter, type StrainOptions } from '../../broker/strain-meter.ts'
import type { Load, Strain } from '../../src/shedding.ts'

/** A meter, and its word for the next change. */
function metered(options: Partial<StrainOptions>): { meter: StrainMeter; next: () => Promise<[Strain, Load]> } {
  const said: [Strain, Load][] = []
  let heard: (() => void) | undefined
  const meter = new StrainMeter({
    calls: () => 0,
    callsMost: 100,
    memoryMost: 1e15,
    ...options,
    changed: (strain, load) => {
      said.push([strain, load])
      heard?.()
    },
  })
  const next = async (): Promise<[Strain, Load]> => {
    while (said.length === 0) await new Promise<void>((resolve) => (heard = resolve))
    return said.shift() as [Strain, Load]
  }
  return { meter, next }
}

function holdUp(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

test('[H6] a loop that is held up for more than a second is full strain, and calm again when it runs freely', async () => {
  const { meter, next } = metered({})
  const busy = setInterval(() => holdUp(1_200), 1)
  let [strain, { loopDelayMs }] = await next()
  while (strain !== 'full') [strain, { loopDelayMs }] = await next()
  clearInterval(busy)
  expect(loopDelayMs).toBeGreaterThan(1_000)
  const after = [await next()]
  while (after.at(-1)?.[0] !== 'none') after.push(await next())
  meter.stop()
}, 20_000)

test('[H6] memory counts as a share of what the process may have', async () => {
  const { meter, next } = metered({ memoryMost: process.memoryUsage.rss() / 2 })
  const [strain, { memory }] = await next()
  meter.stop()
  expect(strain).toBe('full')
  expect(memory).toBeGreaterThan(1)
})

test('[H6] calls count as a share of those that its files are enough for', async () => {
  const { meter, next } = metered({ calls: () => 97 })
  const [strain, { calls }] = await next()
  meter.stop()
  expect([strain, calls]).toEqual(['some', 0.97])
})

test('[H6] the file limit of a process is what its shell has set', () => {
  const url = new URL('../../broker/file-limit.ts', import.meta.url).href
  const script = `import(${JSON.stringify(url)}).then(({ openFilesMost }) => console.log(openFilesMost()))`
  const said = execFileSync('sh', ['-c', 'ulimit -n 777; exec "$0" -e "$1"', process.execPath, script], {
    encoding: 'utf8',
  })
  expect(Number(said)).toBe(777)
  expect(openFilesMost()).toBeGreaterThan(0)
})

test.each([
  [undefined, Infinity],
  [1_024, 448], // 128 kept
  [100_000, 45_000], // a tenth kept
  [100, 0],
])('[H6] with %s files there may be %s calls', (files, calls) => {
  expect(callsMost(files)).toBe(calls)
})
