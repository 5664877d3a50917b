// A provider that says back each frame as audio of the same size; a process of its own. Refuses to know Realtime beyond that:
// sim/ keeps sessions and records, which would take a share of two cores that the rows are to have.
import { WebSocketServer } from 'ws'
import { created, delta } from './wire.ts'

const answer = Buffer.from(delta)

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  skipUTF8Validation: true,
  handleProtocols: () => 'realtime',
})
server.on('connection', (ws) => {
  ws.on('message', () => ws.send(answer, { binary: false }))
  ws.on('error', () => undefined)
  ws.send(created)
})
server.once('listening', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit())
