// The control row on Node: the smallest relay that one would write with `ws`, its caller's frames in order and both ends closed together.
// Refuses to know keys, tenants, limits and usage.
import { type RawData, WebSocket, WebSocketServer } from 'ws'

const [upstreamUrl = ''] = process.argv.slice(2)
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  handleProtocols: () => 'realtime',
})
server.on('connection', (caller) => {
  const upstream = new WebSocket(upstreamUrl, { perMessageDeflate: false })
  const early: [RawData, boolean][] = []
  upstream.on('open', () => {
    for (const [data, binary] of early.splice(0)) upstream.send(data, { binary })
  })
  caller.on('message', (data, binary) => {
    if (upstream.readyState === WebSocket.OPEN) upstream.send(data, { binary })
    else early.push([data, binary])
  })
  upstream.on('message', (data, binary) => caller.send(data, { binary }))
  caller.on('close', () => upstream.close())
  upstream.on('close', () => caller.close())
  caller.on('error', () => upstream.close())
  upstream.on('error', () => caller.close())
})
server.once('listening', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit())
