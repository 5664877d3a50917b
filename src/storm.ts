// Who may come to the door again so soon: by address, by key, and by how often an address came with a wrong key. A brake, not a cap:
// all that it knows may be forgotten at any time. Knows no request and no desk. Rules H6, K6.
import { Buckets, type Rate } from './buckets.ts'
import { LateAnswers, type Timers } from './late-answers.ts'
import { failuresByAddress, refusedCounts, stormNames, upgradesByAddress, upgradesByKey } from './limits.ts'
import type { Refusal } from './refusal.ts'

/** Who asks for an upgrade. null: its host does not know the address; its key is missing or malformed. */
export interface Comer {
  network: string | null
  /** SHA-256 of the key. */
  key: string | null
}

export function comer(address: string | null, key: string | null): Comer {
  return { network: address === null ? null : networkOf(address), key }
}

export class Storm {
  readonly #networks = new Buckets(upgradesByAddress, stormNames)
  readonly #keys = new Buckets(upgradesByKey, stormNames)
  readonly #failures = new Buckets(failuresByAddress, stormNames)
  /** Keys that were good when they came last: they do not pay for what else comes from their address. */
  readonly #good = new Set<string | null>()
  readonly #late: LateAnswers

  constructor(clock: Timers) {
    this.#late = new LateAnswers(clock)
  }

  /** Takes one upgrade in, or says why not. Who is refused by one bucket takes nothing from the others. */
  take({ network, key }: Comer, now: number): Refusal | undefined {
    if (this.#late.tooSoon(nameOf({ network, key })))
      return key === null ? tooFast('address', upgradesByAddress) : tooFast('key', upgradesByKey)
    const suspect = this.#good.has(key) ? null : (network ?? key)
    if (!this.#networks.fits(network, now)) {
      this.#networks.refuse(network, now, refusedCounts)
      return tooFast('address', upgradesByAddress)
    }
    if (!this.#keys.fits(key, now)) {
      this.#keys.refuse(key, now, refusedCounts)
      return tooFast('key', upgradesByKey)
    }
    if (!this.#failures.fits(suspect, now)) {
      this.#failures.refuse(suspect, now, refusedCounts)
      return { why: 'keys_wrong' }
    }
    this.#networks.add(network, now)
    this.#keys.add(key, now)
    return undefined
  }

  /** Resolves when one that was not taken in may be told so. */
  answers(who: Comer): Promise<void> {
    return this.#late.hold(nameOf(who))
  }

  /** One that was taken in was let in by its desk, or refused for another reason than its key. */
  good({ key }: Comer): void {
    if (key === null) return
    this.#good.delete(key)
    this.#good.add(key)
    const [oldest = null] = this.#good
    if (this.#good.size > stormNames) this.#good.delete(oldest)
  }

  /** One that was taken in was refused for its key. */
  wrong({ network, key }: Comer, now: number): void {
    this.#good.delete(key)
    this.#failures.add(network ?? key, now)
  }
}

/** One that loops is told from the others of its key by its address, where that is known. */
function nameOf({ network, key }: Comer): string {
  return `${network} ${key}`
}

/** What one subscriber holds: an IPv4 address, or the /64 of an IPv6 one. */
function networkOf(address: string): string {
  const last = address.slice(address.lastIndexOf(':') + 1)
  if (last.includes('.')) return last // also `::ffff:192.0.2.1`, as a socket of both families has it
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}

function tooFast(of: string, { burst, perSecond }: Rate): Refusal {
  return { why: 'connects_too_fast', details: { of, burst, perSecond } }
}
