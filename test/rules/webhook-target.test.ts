// Where a webhook may be sent, by its text and by its addresses.
import { expect, test } from 'vitest'
import { urlProblem } from '../../src/http/webhook-post.ts'
import { addressProblem, type TargetPolicy } from '../../src/webhook-target.ts'
import { nameForms, textForms } from '../support/ssrf-forms.ts'

const outside: TargetPolicy = { private: false }
const problem = (url: string, may = outside): string | undefined => urlProblem(url, may)

test.each([
  'https://hooks.example.com/',
  'https://hooks.example.com',
  'https://hooks.example.com:443/trunkline?tenant=1&x=%20#y',
  'https://hooks.example.com:8443/',
  'HTTPS://Hooks.Example.COM/Path',
  'https://xn--bcher-kva.example/',
  'https://a-b.c3.example.co.uk/',
  'https://93.184.216.34/',
  'https://[2606:2800:220:1::1]:8443/',
  'https://[::ffff:5db8:d822]/',
  `https://hooks.example.com/${'a'.repeat(2_048 - 'https://hooks.example.com/'.length)}`,
  'https://100.128.0.1/',
  'https://172.32.0.1/',
])('[A5] %s may be told', (url) => {
  expect(problem(url)).toBeUndefined()
})

test('[A5] of more than 300 forms that lead inside none is let by', () => {
  expect(textForms.length + nameForms.length).toBeGreaterThanOrEqual(300)
  expect(textForms.filter((url) => problem(url) === undefined)).toEqual([])
})

test('[A5] a name that looks well is judged by each of its addresses', () => {
  const through = nameForms.filter(({ answers }) =>
    answers.every(
      (addresses) => addresses.length > 0 && addresses.every((one) => addressProblem(one, outside) === undefined),
    ),
  )
  expect(through).toEqual([])
  for (const open of ['1.1.1.1', '2620:fe::fe', '::ffff:1.1.1.1', '64:ff9b::101:101', '223.255.255.255', '192.0.1.0'])
    expect(addressProblem(open, outside)).toBeUndefined()
  expect(addressProblem('2620:fe::fe%1', outside)).toBeDefined() // of which network nobody knows
})

test.each([
  ['http://hooks.example.com/', 'begins with http://: only https:// is served'],
  ['ftp://hooks.example.com/', 'is no URL that begins with https://'],
  ['https://2130706433/', 'names its host in an odd way: write it as "127.0.0.1"'],
  ['https://127.0.0.1/', 'names 127.0.0.1, which is no public address'],
  ['https://[::1]/', 'names ::1, which is no public address'],
  ['https://me:secret@hooks.example.com/', 'has a user or password in it: only the signature says who sends'],
  ['https://hooks.example.com:22/', 'has a port that is not 443 or 8443'],
  ['https://redis/', 'names "redis", which is no full name of a public host, such as hooks.example.com'],
  ['https://db.internal/', 'names db.internal, which only its own network knows'],
  [
    'https://bücher.example/',
    'has a character that is not plain ASCII, a space or a backslash: write names as "xn--…" and all else as "%…"',
  ],
  [`https://hooks.example.com/${'a'.repeat(2_048)}`, 'has more than 2048 characters'],
])('[A5] of %s it is said what is wrong and what would be right', (url, says) => {
  expect(problem(url)).toBe(says)
})

test('[A5] for development http, every port and private addresses are let by, and still no user and no odd host', () => {
  const inside: TargetPolicy = { private: true }
  for (const url of ['http://127.0.0.1:9999/', 'http://localhost/', 'https://redis:6379/', 'http://localhost:80/'])
    expect(problem(url, inside)).toBeUndefined()
  for (const url of ['http://a@localhost/', 'http://2130706433/', 'ftp://localhost/', 'http://127.1/'])
    expect(problem(url, inside)).toBeDefined()
  expect(addressProblem('127.0.0.1', inside)).toBeUndefined()
})

test('[A5] where the operator names the hosts, no other is told', () => {
  const may: TargetPolicy = { private: false, hosts: ['hooks.example.com', '*.acme.example'] }
  for (const url of ['https://hooks.example.com/', 'https://a.acme.example/', 'https://a.b.acme.example:8443/'])
    expect(problem(url, may)).toBeUndefined()
  for (const url of ['https://acme.example/', 'https://xacme.example/', 'https://example.com/', 'https://1.1.1.1/'])
    expect(problem(url, may)).toContain('names a host that this deployment does not tell')
  expect(problem('https://127.0.0.1/', { private: false, hosts: ['127.0.0.1'] })).toContain('no public address')
})
