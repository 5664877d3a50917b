// The thread that speaks with Redis for one that waits: a question in, a function call, its answer out.
import { workerData, type MessagePort } from 'node:worker_threads'
import { dial } from './redis.ts'

const { port, name, mail, signal } = workerData as { port: number; name: string; mail: MessagePort; signal: Int32Array }
const connection = await dial(port)

mail.on('message', (question: string) => {
  void connection
    .send('FCALL', name, '1', 'trunkline:{rosters}:roster', question)
    .then((answer) => ({ answer }))
    .catch((error: unknown) => ({ error: String(error) }))
    .then((message) => {
      mail.postMessage(message, [])
      Atomics.store(signal, 0, 1)
      Atomics.notify(signal, 0)
    })
})
