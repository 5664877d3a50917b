// The servers that the other suites stand on.
import { expect, test } from 'vitest'
import { startReplica, startRedis } from '../support/redis.ts'
import { startCluster } from '../support/redis-cluster.ts'

test('[SIM] a clock jumps, a durable server keeps what it was told, a wiped one does not', async () => {
  const redis = await startRedis({ durable: true, movableClock: true, password: 'secret of the test' })
  const seconds = async () => Number((await redis.cli('time')).split('\n')[0])
  const before = await seconds()
  redis.jump(600)
  expect((await seconds()) - before).toBeGreaterThanOrEqual(600)
  redis.jump(-600)
  expect((await seconds()) - before).toBeLessThan(-590)
  await redis.cli('set', 'a', '1')
  await redis.restart()
  expect(await redis.cli('get', 'a')).toBe('1')
  await redis.wipe()
  expect(await redis.cli('get', 'a')).toBe('')
  redis.freeze()
  await expect(redis.cli('ping')).rejects.toThrow()
  redis.resume()
  expect(await redis.cli('ping')).toBe('PONG')
  await redis.end()
})

test('[SIM] a replica has what its master has, and takes over when told', async () => {
  const master = await startRedis()
  await master.cli('set', 'a', '1')
  const replica = await startReplica(master)
  expect(await replica.cli('get', 'a')).toBe('1')
  expect(await replica.cli('set', 'a', '2')).toContain('READONLY')
  await replica.promote()
  expect(await replica.cli('set', 'a', '2')).toBe('OK')
  await master.end()
  await replica.end()
})

test('[SIM] a cluster is up within four seconds, moves slots and fails over', async () => {
  const began = Date.now()
  const cluster = await startCluster({ masters: 3, replicas: 1 })
  const tookMs = Date.now() - began
  console.log(`cluster of 3 + 3 up in ${tookMs} ms`)
  expect(tookMs).toBeLessThan(4_000)
  const owner = await cluster.ownerOf('{a}')
  await owner.cli('set', '{a}', '1')
  const other = cluster.masters.find((server) => server !== owner)
  await cluster.moveSlot('{a}', other!)
  expect(await other!.cli('get', '{a}')).toBe('1')
  const [replica] = cluster.replicas[cluster.masters.indexOf(other!)]!
  await other!.kill()
  await cluster.promote(replica!)
  expect(await replica!.cli('get', '{a}')).toBe('1')
  expect((await cluster.ownerOf('{a}')).port).toBe(replica!.port)
  await cluster.end()
})
