// Ways to name what no webhook may reach, as attackers write them. Each means the loopback, a private network or the cloud's own address to
// somebody; port 8443 is where the sink listens. Knows no guard.

const port = 8443

/** IPv4 addresses that are not public, one and more of each kind. */
const inner = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
]

const octets = (address: string): number[] => address.split('.').map(Number)
const whole = (address: string): number => octets(address).reduce((sum, octet) => sum * 256 + octet, 0)
const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0')

/** One address in the ways that some reader of URLs or `inet_aton` takes. */
function written(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = octets(address)
  const [high, low] = [hex(a * 256 + b, 1), hex(c * 256 + d, 1)]
  return [
    address,
    `${whole(address)}`,
    `0x${hex(whole(address), 8)}`,
    `0${whole(address).toString(8)}`,
    [a, b, c, d].map((octet) => `0x${octet.toString(16)}`).join('.'),
    [a, b, c, d].map((octet) => `0${octet.toString(8)}`).join('.'),
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${b * 65_536 + c * 256 + d}`,
    `${address}.`,
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[64:ff9b::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[::${high}:${low}]`,
  ]
}

const ofLoopback = [
  '127.1',
  '127.0.1',
  '0',
  '0x0',
  '00',
  '127.0.0.1%00',
  '127.000.000.001',
  '0127.0.0.1',
  '0x7f.1',
  '0177.1',
  '127。0。0。1',
  '127.0.0.1'.replaceAll('.', '．'),
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '𝟏𝟐𝟕.𝟎.𝟎.𝟏',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'loc\u00ADalhost',
  'ｌｏｃａｌｈｏｓｔ',
  'l%6fcalhost',
  'a.localhost',
  'broker.local',
  'metadata.google.internal',
  'metadata.google.internal.',
  'kubernetes',
  'kubernetes.default.svc.cluster.local',
  'redis',
  'redis.lan',
  'router.home.arpa',
  'localhost.localdomain',
  'ip6-localhost',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::0001]',
  '[::1%25lo]',
  '[::127.0.0.1]',
  '[fc00::1]',
  '[fd12:3456:789a::1]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[2001:db8::1]',
  '[2001::1]',
  '[2001:0:7f00:1::]',
  '[3fff::1]',
  '[100::1]',
  '[64:ff9b:1::7f00:1]',
  '[5f00::1]',
  '[4000::1]',
  '[::ffff:0:127.0.0.1]',
  'xn--localhost-',
  '-.example.com',
  'a_b.example.com',
  '127.0.0.1.example.com.',
  '',
]

/** Whole URLs: schemes, ports, user-info, what readers disagree about. */
const urls = [
  'http://hooks.example.com/',
  `http://127.0.0.1:${port}/`,
  `http://localhost:${port}/`,
  `ftp://127.0.0.1:${port}/`,
  `gopher://127.0.0.1:${port}/_x`,
  'file:///etc/passwd',
  'data:text/plain,x',
  'javascript:alert(1)',
  `ws://127.0.0.1:${port}/`,
  `wss://127.0.0.1:${port}/`,
  `dict://127.0.0.1:${port}/`,
  `//127.0.0.1:${port}/`,
  `https:127.0.0.1:${port}`,
  `https:/127.0.0.1:${port}/`,
  `https:///127.0.0.1:${port}/`,
  `https:\\\\127.0.0.1:${port}\\`,
  `https://hooks.example.com\\@127.0.0.1:${port}/`,
  `https://hooks.example.com@127.0.0.1:${port}/`,
  `https://hooks.example.com:443@127.0.0.1:${port}/`,
  `https://user:password@127.0.0.1:${port}/`,
  `https://@127.0.0.1:${port}/`,
  `https://127.0.0.1:${port}@hooks.example.com/`,
  `https://127.0.0.1:${port}\\@hooks.example.com/`,
  `https://127.0.0.1:${port}#@hooks.example.com/`,
  `https://127.0.0.1:${port}?@hooks.example.com/`,
  `https://hooks.example.com%40127.0.0.1:${port}/`,
  ` https://127.0.0.1:${port}/`,
  `https://127.0.0.1:${port}/ `,
  `https://127.0.0.1\t:${port}/`,
  `https://127.0.\n0.1:${port}/`,
  `ht\ttps://127.0.0.1:${port}/`,
  `https://hooks.example.com /127.0.0.1:${port}/`,
  `https://127.0.0.1:${port}\u0000.example.com/`,
  'https://hooks.example.com:22/',
  'https://hooks.example.com:80/',
  'https://hooks.example.com:6379/',
  'https://hooks.example.com:8787/',
  'https://hooks.example.com:0/',
  'https://hooks.example.com:65536/',
  'https://hooks.example.com:443443/',
  'https://hooks.example.com:08443a/',
  'https://',
  'https://:8443/',
  'https://./',
  'https://../',
  'https://hooks..example.com/',
  'https://.example.com/',
  'not a url',
  '',
  `https://${'a'.repeat(3_000)}.example.com/`,
  `https://${'a'.repeat(64)}.example.com/`,
]

/** What no reading of the text alone lets by. */
export const textForms: readonly string[] = [
  ...new Set([
    ...inner.flatMap((address) => written(address).map((host) => `https://${host}:${port}/`)),
    ...ofLoopback.map((host) => `https://${host}:${port}/`),
    ...urls,
  ]),
]

/** Public, and nothing inside. */
export const outside = '2620:fe::fe'

/** Names that look well and stand for something else: what a resolver answers first, and what it answers after that. */
export const nameForms: readonly { url: string; answers: readonly (readonly string[])[] }[] = [
  ...[
    ...inner,
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    'fd00::1',
    'fe80::1%lo',
    'ff02::1',
    '64:ff9b::7f00:1',
  ].map((address, i) => ({ url: `https://n${i}.example.com:${port}/`, answers: [[address]] })),
  { url: `https://both.example.com:${port}/`, answers: [[outside, '127.0.0.1']] },
  { url: `https://behind.example.com:${port}/`, answers: [['127.0.0.1', outside]] },
  { url: `https://family.example.com:${port}/`, answers: [[outside, '::1']] },
  { url: `https://nip.127.0.0.1.nip.example.com:${port}/`, answers: [['127.0.0.1']] },
  { url: `https://none.example.com:${port}/`, answers: [[]] },
  { url: `https://nonsense.example.com:${port}/`, answers: [['not an address']] },
  { url: `https://rebind.example.com:${port}/`, answers: [[outside], ['127.0.0.1']] },
  { url: `https://rebind6.example.com:${port}/`, answers: [[outside], ['::1']] },
  { url: `https://rebind0.example.com:${port}/`, answers: [[outside], ['0.0.0.0']] },
]

/** Where a receiver that is allowed sends on to. */
export const redirects: readonly { status: number; to: string }[] = [301, 302, 303, 307, 308].flatMap((status) =>
  [`http://127.0.0.1:${port}/`, `https://[::1]:${port}/`, `//localhost:${port}/`].map((to) => ({ status, to })),
)
