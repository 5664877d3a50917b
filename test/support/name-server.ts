// A name server on this machine: says what a test has it say of a name, or nothing. Knows no resolver.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import ipaddr from 'ipaddr.js'

const headBytes = 12
/** By number, as RFC 1035 and RFC 3596 have them. */
const families: Record<number, 4 | 6> = { 1: 4, 28: 6 }

export interface NameServer {
  /** As resolvers take it. */
  address: string
  /** Names that were asked for, one after the other. */
  asked: string[]
  close: () => void
}

/** `answer`: the addresses of a name in a family; undefined: it is silent. */
export async function startNameServer(
  answer: (name: string, family: 4 | 6) => readonly string[] | undefined,
): Promise<NameServer> {
  const asked: string[] = []
  const socket = createSocket('udp4', (query, { address, port }) => {
    const { name, family, end } = questionOf(query)
    asked.push(name)
    const addresses = family === undefined ? [] : answer(name, family)
    if (addresses !== undefined) socket.send(answerTo(query.subarray(0, end), addresses), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, asked, close: () => socket.close() }
}

function questionOf(query: Buffer): { name: string; family: 4 | 6 | undefined; end: number } {
  const labels: string[] = []
  let at = headBytes
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), family: families[query.readUInt16BE(at + 1)], end: at + 5 }
}

/** Its head and question, then a record for each address, of the name that the question has. */
function answerTo(asked: Buffer, addresses: readonly string[]): Buffer {
  const head = Buffer.from(asked)
  head.writeUInt16BE(0x8180, 2) // an answer without a fault, from one that asks others
  head.writeUInt16BE(addresses.length, 6)
  head.fill(0, 8, headBytes)
  const type = asked.subarray(-4)
  const records = addresses.map((address) => {
    const bytes = Buffer.from(ipaddr.parse(address).toByteArray())
    return Buffer.concat([Buffer.from([0xc0, headBytes]), type, Buffer.from([0, 0, 0, 60, 0, bytes.length]), bytes])
  })
  return Buffer.concat([head, ...records])
}
