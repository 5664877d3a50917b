// How fast a caller may send and how far a peer may lag, at the edges of each bound.
import { expect, test } from 'vitest'
import { Brake, Lag } from '../../src/brake.ts'
import { bytesBurst, bytesPerSecond, framesBurst, framesPerSecond, lagBytes, lagMs } from '../../src/limits.ts'

function takes(brake: Brake, times: number, bytes: number, now: number): boolean[] {
  return Array.from({ length: times }, () => brake.take(bytes, now))
}

test('[C8] takes a burst of so many frames at once, and not one more', () => {
  const brake = new Brake(0)
  expect(takes(brake, framesBurst, 1, 0)).not.toContain(false)
  expect(brake.take(1, 0)).toBe(false)
})

test('[C8] takes a burst of so many bytes at once, and not one more', () => {
  expect(new Brake(0).take(bytesBurst, 0)).toBe(true)
  expect(new Brake(0).take(bytesBurst + 1, 0)).toBe(false)
  const brake = new Brake(0)
  expect([brake.take(bytesBurst - 5, 0), brake.take(5, 0), brake.take(1, 0)]).toEqual([true, true, false])
})

test('[C8] takes the frames of each second that passed again', () => {
  const brake = new Brake(1_000)
  takes(brake, framesBurst, 1, 1_000)
  expect(takes(brake, framesPerSecond, 1, 2_000)).not.toContain(false)
  expect(brake.take(1, 2_000)).toBe(false)
})

test('[C8] takes the bytes of each second that passed again', () => {
  const brake = new Brake(1_000)
  brake.take(bytesBurst, 1_000)
  expect(brake.take(bytesPerSecond / 2, 1_500)).toBe(true)
  expect(brake.take(1, 1_500)).toBe(false)
})

test('[C8] says how long until what was taken in would have fitted, by frames or by bytes', () => {
  const brake = new Brake(0)
  takes(brake, framesBurst, 1, 0)
  expect(brake.overMs).toBe(0)
  takes(brake, framesPerSecond / 2, 1, 0)
  expect(brake.overMs).toBe(500)
  const large = new Brake(0)
  large.take(bytesBurst + bytesPerSecond / 4, 0)
  expect(large.overMs).toBe(250)
})

test('[C8] a caller that keeps to the rates is never stopped', () => {
  const brake = new Brake(0)
  const each = bytesPerSecond / framesPerSecond
  for (let now = 0; now < 60_000; now += 1_000 / framesPerSecond) expect(brake.take(each, now)).toBe(true)
})

test('[C8] silence saves up no more than one burst', () => {
  const brake = new Brake(0)
  brake.take(1, 0)
  expect(takes(brake, framesBurst, 1, 3_600_000)).not.toContain(false)
  expect(brake.take(1, 3_600_000)).toBe(false)
  expect(new Brake(0).take(bytesBurst + 1, 3_600_000)).toBe(false)
})

test('[C8] a clock that goes back gives nothing back', () => {
  const brake = new Brake(10_000)
  takes(brake, framesBurst, 1, 10_000)
  expect(brake.take(1, 9_000)).toBe(false)
})

test('[C8] a backlog is looked at once in 32 KiB', () => {
  const lag = new Lag()
  expect([lag.due(32 * 1024 - 1), lag.due(1)]).toEqual([false, true])
  lag.stalled(0, 0)
  expect([lag.due(1), lag.due(32 * 1024 - 2), lag.due(1)]).toEqual([false, false, true])
})

test('[C8] a peer is stalled when it was too far behind for the whole time, and only then', () => {
  const lag = new Lag()
  expect(lag.stalled(lagBytes + 1, 1_000)).toBe(false)
  expect(lag.stalled(lagBytes + 1, 1_000 + lagMs - 1)).toBe(false)
  expect(lag.stalled(lagBytes + 1, 1_000 + lagMs)).toBe(true)
})

test('[C8] a peer that caught up begins anew', () => {
  const lag = new Lag()
  lag.stalled(lagBytes + 1, 0)
  expect(lag.stalled(lagBytes, lagMs - 1)).toBe(false)
  expect(lag.stalled(lagBytes + 1, lagMs)).toBe(false)
  expect(lag.stalled(lagBytes + 1, 2 * lagMs - 1)).toBe(false)
  expect(lag.stalled(lagBytes + 1, 2 * lagMs)).toBe(true)
})

test('[C8] a backlog of exactly the bound is none', () => {
  const lag = new Lag()
  lag.stalled(lagBytes, 0)
  expect(lag.stalled(lagBytes, 10 * lagMs)).toBe(false)
})
