// What is said over HTTP of a store that fails: whether it is of use to ask again, and never that a bug would pass.
import { beforeEach, expect, test } from 'vitest'
import { faultOf, StoreFault } from '../../broker/redis/fault.ts'
import { HalfDone } from '../../src/http/answer.ts'
import { houseOf } from '../../src/http/house.ts'
import { MemoryHouse, type Answer } from './house.ts'

const tenants = '/admin/v1/tenants'
let house: MemoryHouse
beforeEach(() => {
  house = new MemoryHouse()
})

/** Each method of these, from now on. */
function failing(methods: readonly (keyof MemoryHouse['tenants'])[], fault: Error): void {
  for (const method of methods) Object.assign(house.tenants, { [method]: () => Promise.reject(fault) })
}

function told({ status, headers, body }: Answer): string {
  const { code } = body['error'] as { code: string }
  return `${status} ${code}, retry: ${headers.get('x-should-retry')} ${headers.get('retry-after') ?? '-'}`
}

const [gone, lost] = ["Stream isn't writeable", 'Command timed out'].map((said) =>
  faultOf(new Error(said), 'redis'),
) as [StoreFault, StoreFault]

test('[A1] [S3] what only reads may be asked again whatever the store did, a change only where it certainly was not made', async () => {
  const id = await house.tenant()
  const key = await house.key(id)
  const all = ['read', 'keys', 'addKey', 'rotateKey', 'revokeKey', 'change'] as const
  const reads: [string, string][] = [
    ['GET', `${tenants}/${id}`],
    ['GET', `${tenants}/${id}/keys`],
  ]
  const changes: [string, string, object?][] = [
    ['PATCH', `${tenants}/${id}`, { name: 'Bell' }],
    ['POST', `${tenants}/${id}/keys`, { name: 'k' }],
    ['POST', `${tenants}/${id}/keys/${key.id}/rotate`],
    ['DELETE', `${tenants}/${id}/keys/${key.id}`],
  ]
  const said = async (fault: Error, requests: [string, string, object?][]): Promise<Set<string>> => {
    failing(all, fault)
    return new Set(
      await Promise.all(requests.map(async ([method, path, body]) => told(await house.ask(method, path, { body })))),
    )
  }
  expect(await said(gone, [...reads, ...changes])).toEqual(new Set(['503 store_unreachable, retry: true 1']))
  expect(await said(lost, reads)).toEqual(new Set(['503 store_unreachable, retry: true 1']))
  expect(await said(lost, changes)).toEqual(new Set(['503 store_unanswered, retry: false -']))
})

test('[A1] what fails after a tenant was made is not to be asked again: it would make another', async () => {
  failing(['read'], gone)
  const answer = await house.ask('POST', tenants, { body: { name: 'Bell', plan: 'trial' } })
  expect(told(answer)).toBe('503 store_unanswered, retry: false -')
  expect([house.desks.size, house.faults]).toEqual([1, [gone]])
})

test('[A1] nor what fails when it is made and not yet listed', async () => {
  const homes = {
    desk: () => ({ create: async () => undefined }),
    registry: () => ({ put: () => Promise.reject(gone) }),
  }
  const made = houseOf({} as never, homes as never).tenants.create({ id: 'ten_1' } as never)
  await expect(made).rejects.toBeInstanceOf(HalfDone)
  await expect(made).rejects.toMatchObject({ cause: gone })
})

test.each([
  ["NOPERM this user has no permissions to run the 'fcall' command", '503 store_unfit, retry: false -'],
  ["OOM command not allowed when used memory > 'maxmemory'", '503 store_unfit, retry: false -'],
  ["ERR unknown command 'FCALL'", '503 store_unfit, retry: false -'],
  ['LOADING Redis is loading the dataset in memory', '503 store_unreachable, retry: true 1'],
  ['ERR user_function:269: attempt to concatenate a nil value script: desk', '500 internal_error, retry: false -'],
])('[A1] %s is told as what it is', async (says, said) => {
  failing(['read'], faultOf(new Error(says), 'redis'))
  expect(told(await house.ask('GET', `${tenants}/ten_${'0'.repeat(32)}`))).toBe(said)
})

test.each(['%7D', '%7B%7D', 'ten_1', `ten_${'0'.repeat(31)}g`, `ten_${'0'.repeat(33)}`, '%00', 'ten_%2e%2e'])(
  '[A1] a tenant that cannot be, %s, is not asked for',
  async (id) => {
    failing(['read', 'change', 'keys', 'addKey', 'audit', 'usage'], new Error('asked'))
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['GET', '/keys'],
      ['POST', '/keys'],
      ['GET', '/audit'],
      ['GET', '/usage'],
    ])
      expect(
        (
          await house.ask(method ?? '', `${tenants}/${id}${path}`, {
            body: method === 'GET' ? undefined : { name: 'x' },
          })
        ).body,
      ).toMatchObject({
        error: { code: 'tenant_not_found' },
      })
    expect(house.faults).toEqual([])
  },
)
