// TLS in front of a broker, for clients that dial nothing else, trusted by this process. Knows no client.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { ensureCertificate } from '../../cli/certificate.ts'
import { startTlsFront } from '../../cli/tls-front.ts'
import type { Broker } from './broker.ts'

export interface Secured {
  /** As the SDK wants it: `https://localhost:…/v1`. */
  baseURL: string
  close(): Promise<void>
}

/** The certificate is made by the same code as that of `npm start`. */
export async function secured(broker: Broker): Promise<Secured> {
  const dir = await mkdtemp(join(tmpdir(), 'trunkline-tls-'))
  const certificate = await ensureCertificate(dir)
  setDefaultCACertificates([...getCACertificates('default'), await readFile(certificate.caFile, 'utf8')])
  const target = { host: '127.0.0.1', port: broker.port }
  const front = await startTlsFront({ port: 0, host: '127.0.0.1', target, certificate })
  return {
    baseURL: `https://localhost:${front.port}/v1`,
    close: async () => {
      await front.close()
      await rm(dir, { recursive: true })
    },
  }
}
