// Where a request comes from: its connection's address, or, behind proxies that are trusted, the nearest one that is not. Knows no request
// but its head.
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

/** `list`: addresses, or networks as `10.0.0.0/8`. A name that is none is returned. */
export function readProxies(list: readonly string[]): BlockList | { unfit: string } {
  const proxies = new BlockList()
  for (const one of list) {
    const [address = '', bits, more] = one.split('/')
    const most = isIPv6(address) ? 128 : 32
    const width = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
    if (isIP(address) === 0 || width > most || more !== undefined) return { unfit: one }
    proxies.addSubnet(address, width, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return proxies
}

/** null: a trusted proxy does not say whom it stands for. */
export function addressOf({ socket, headers }: IncomingMessage, proxies: BlockList): string | null {
  const told = String(headers['x-forwarded-for'] ?? '').split(',')
  let address = socket.remoteAddress ?? ''
  while (trusted(address, proxies)) {
    address = told.pop()?.trim() ?? ''
    if (isIP(address) === 0) return null
  }
  return address === '' ? null : address
}

function trusted(address: string, proxies: BlockList): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '') // as a socket of both families has IPv4
  return isIP(plain) !== 0 && proxies.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
}
