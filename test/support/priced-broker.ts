// A broker whose operator says what models cost, on either host: the Worker takes it as it is, the Node host in a file. Knows no test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBroker, type Broker } from './broker.ts'
import { host } from './host.ts'

/** The file is read at the start and not kept: it cannot be restarted. */
export async function pricedBroker(prices: object, vars: Readonly<Record<string, string>> = {}): Promise<Broker> {
  const text = JSON.stringify(prices)
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-prices-'))
  const file = join(dir, 'prices.json')
  try {
    await writeFile(file, text)
    return await startBroker({}, undefined, host, { ...vars, TRUNKLINE_PRICES: host === 'node' ? file : text })
  } finally {
    await rm(dir, { recursive: true })
  }
}
