// A provider of bare frames: says what it is told, keeps every frame as it came, may take its time to answer. Knows no events.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { Gathering } from './gathering.ts'

export interface Frame {
  data: Buffer
  binary: boolean
}

export class BareUpstream extends Gathering {
  readonly #http = createServer()
  readonly #wss = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly frames: Frame[] = []
  /** Upgrades that came, and the connection of the latest. */
  dials = 0
  latest: Duplex | undefined
  readonly #connections: Duplex[] = []
  /** Lets go of upgrades that wait for their answer. */
  answer: () => void = () => undefined
  holds = false
  socket: WebSocket | undefined

  async listen(): Promise<string> {
    this.#http.on('upgrade', (request, connection, head) => {
      this.dials++
      this.latest = connection
      this.#connections.push(connection)
      connection.on('error', () => undefined)
      // A server's side stays half open when the other one has ended.
      for (const over of ['end', 'close']) connection.on(over, () => this.stir())
      connection.resume()
      this.answer = () => this.#wss.handleUpgrade(request, connection, head, (socket) => this.#meet(socket))
      if (!this.holds) this.answer()
      this.stir()
    })
    await new Promise<void>((resolve) => {
      this.#http.listen(0, '127.0.0.1', resolve)
    })
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy()
    this.#http.close()
  }

  #meet(socket: WebSocket): void {
    this.socket = socket
    socket.on('message', (data: Buffer, binary) => {
      this.frames.push({ data, binary })
      this.stir()
    })
    this.stir()
  }
}
