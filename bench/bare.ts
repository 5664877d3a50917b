// A server that answers every upgrade with the same 429 and nothing else, a process of its own: what a storm costs the machine whoever
// answers it. Refuses to know a key.
import { createServer } from 'node:net'

const body = JSON.stringify({ status: 429, title: 'x'.repeat(600) }) // as long as the broker's
const answer = `HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/problem+json\r\nretry-after: 5\r\ncontent-length: ${body.length}\r\n\r\n${body}`

const server = createServer((socket) => {
  socket.once('data', () => socket.write(answer))
  socket.on('error', () => undefined)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit())
