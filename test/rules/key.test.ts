// API keys: made, read, hashed; one wrong character is told without asking a desk.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '../../broker/sha256.ts'
import { same } from '../../src/constant-time.ts'
import { houseOf } from '../../src/http/house.ts'
import { makeKey, readKey, sameSecret, webSha256 } from '../../src/http/key.ts'
import { seed } from '../contract/seed.ts'

const tenant = 'ten_0193a1b2c3d4e5f60718293a4b5c6d7e'

test('[K1] a key names its tenant, and reads back with the hash that the desk keeps', async () => {
  const { key, hash, hint } = await makeKey(tenant, sha256)
  expect(key).toMatch(/^tlk_live_[0-9a-f]{32}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
  expect(await readKey(key, sha256)).toEqual({ tenant, hash })
  expect(hint).toBe(`…${key.slice(-4)}`)
})

test('[K1] what is kept is a hash, and says nothing of the key', async () => {
  const { key, hash, hint } = await makeKey(tenant, sha256)
  const secret = key.split('_')[3] ?? ''
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(hash).toBe(await sha256(key))
  expect(`${hash} ${hint}`).not.toContain(secret)
  expect(hint.length).toBeLessThanOrEqual(5)
})

test('[K1] no two keys are alike', async () => {
  const keys = await Promise.all(Array.from({ length: 200 }, () => makeKey(tenant, sha256)))
  expect(new Set(keys.map(({ key }) => key.split('_')[3])).size).toBe(200)
  expect(new Set(keys.map(({ hash }) => hash)).size).toBe(200)
})

test('[K1] the secret uses the whole alphabet', async () => {
  const keys = await Promise.all(Array.from({ length: 100 }, () => makeKey(tenant, sha256)))
  expect(new Set(keys.flatMap(({ key }) => (key.split('_')[3] ?? '').split(''))).size).toBe(62)
})

test('[K1] a key with one character wrong, missing or too many is none', async () => {
  const { key } = await makeKey(tenant, sha256)
  const place = fc.nat(key.length - 1)
  await fc.assert(
    fc.asyncProperty(
      place,
      fc.constantFrom('0', 'a', 'A', 'z', '9', '_', '-', 'é', ' '),
      fc.constantFrom('swap', 'drop', 'add'),
      async (at, char, how) => {
        const put = how === 'drop' ? '' : char
        const wrong = key.slice(0, at) + put + key.slice(how === 'add' ? at : at + 1)
        if (wrong !== key) expect(await readKey(wrong, sha256)).toBeUndefined()
      },
    ),
    { seed, numRuns: 500 },
  )
})

test.each(['', 'tlk_live_', 'sk-proj-abc', 'tlk_live_x_y_z', 'a'.repeat(100_000)])(
  '[K1] "%.40s" is no key',
  async (text) => {
    expect(await readKey(text, sha256)).toBeUndefined()
  },
)

test('[K1] a key on two lines is none', async () => {
  const { key } = await makeKey(tenant, sha256)
  expect(await readKey(`${key}\n`, sha256)).toBeUndefined()
  expect(await readKey(` ${key}`, sha256)).toBeUndefined()
})

test('[K1] two secrets are the same when all of them is', async () => {
  expect(await sameSecret('abc', 'abc', sha256)).toBe(true)
  for (const [a, b] of [
    ['abc', 'abd'],
    ['abc', 'ab'],
    ['', 'a'],
    ['abc', 'ABC'],
  ] as const) {
    expect(await sameSecret(a, b, sha256)).toBe(false)
    expect([same(a, b), same(b, a), same(a, a), same(b, b)]).toEqual([false, false, true, true])
  }
})

test.each([
  ['the Node host', sha256],
  ['the Worker', webSha256],
])('[K1] the hash of %s is SHA-256', async (_, hash) => {
  expect(await hash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(await hash('Zoë ☎ 📞')).toBe('ad71d38367077e2da969ad9b0b74a846748458d737ad916e933d59772c2823b8')
})

test.each([
  [undefined, undefined, 'is not set'],
  ['', undefined, 'is not set'],
  [' \n', undefined, 'is not set'],
  ['correct horse battery', undefined, 'can be no bearer token'],
  ['abcdefgh,ijklmnop', undefined, 'can be no bearer token'],
  ['tla_0123456789a', undefined, 'can be no bearer token'],
  ['tla_0123456789\u00e4b', undefined, 'can be no bearer token'],
  ['tla_0123456789ab\n', 'tla_0123456789ab', undefined],
  ['!+-./:;<=>?@[]^_`{|}~', '!+-./:;<=>?@[]^_`{|}~', undefined],
])('[K5] an operator key set to %j is %j, or the host is not ready and says why', async (set, read, says) => {
  const homes = { registry: () => ({ list: async () => [], put: async () => undefined }), pools: [] } as never
  const house = houseOf({ operatorKey: set } as never, homes)
  expect(house.operatorKey).toBe(read)
  const unready = await house.unready()
  expect(unready).toEqual(says === undefined ? [] : [expect.stringContaining(`the secret TRUNKLINE_ADMIN_KEY ${says}`)])
  expect(unready.join()).not.toMatch(/horse|tla_|abcdef/)
})
