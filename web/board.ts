// What is on the page: the key, the tenant behind it, the calls. Knows no markup.
import { effect, signal, type Signal } from '@preact/signals'
import { accountOf, type Account } from './account.ts'
import { isPossibleKey, keyFromAddress, protocolsFor, realtimeUrl } from './address.ts'
import { placeCall, type Call } from './call.ts'
import { openMicrophone } from './microphone.ts'
import { model } from './session.ts'
import { openSound, type Sound } from './sound.ts'

export interface Board {
  readonly key: Signal<string | undefined>
  readonly account: Signal<Account | undefined>
  readonly source: Signal<'microphone' | 'recording'>
  readonly calls: Signal<readonly Call[]>
  /** Why the last wish could not be met, as a sentence. */
  readonly trouble: Signal<string | undefined>
  /** Ticks once a second, for the clocks. */
  readonly now: Signal<number>
  useKey(key: string | undefined): void
  newCall(): Promise<void>
  remove(call: Call): void
}

/** Survives a reload of this tab, and nothing else. */
const storedKey = 'trunkline.key'
/** A line is free only a moment after its socket has closed. */
const settleMs = 600
/** What live calls use is asked for so often: a desk has it within ten seconds. */
const readMs = 5_000

export function openBoard(): Board {
  const key = signal<string | undefined>(sessionStorage.getItem(storedKey) ?? undefined)
  const account = signal<Account | undefined>(undefined)
  const source = signal<'microphone' | 'recording'>('recording')
  const calls = signal<readonly Call[]>([])
  const trouble = signal<string | undefined>(undefined)
  const now = signal(Date.now())
  let sound: Promise<Sound> | undefined
  let placed = 0

  setInterval(() => (now.value = Date.now()), 1_000)
  setInterval(() => void (calls.value.some(isOpen) && refresh()), readMs)
  window.addEventListener('hashchange', takeKey)
  document.addEventListener('visibilitychange', () => void (document.hidden || refresh()))

  async function refresh(): Promise<void> {
    const asked = key.value
    const found = asked === undefined ? undefined : await readAccount(asked)
    if (asked !== key.value) return
    account.value = typeof found === 'string' ? undefined : found
    if (typeof found === 'string') trouble.value = found
  }

  function useKey(wanted: string | undefined): void {
    const usable = wanted !== undefined && isPossibleKey(wanted)
    trouble.value =
      wanted === undefined || usable ? undefined : 'This key has characters that no key has. Copy it again.'
    if (wanted !== undefined && !usable) return
    key.value = wanted
    if (wanted === undefined) sessionStorage.removeItem(storedKey)
    else sessionStorage.setItem(storedKey, wanted)
    void refresh()
  }

  async function newCall(): Promise<void> {
    const protocols = protocolsFor(key.value ?? '')
    trouble.value = undefined
    try {
      sound ??= openSound()
      const microphone = source.value === 'microphone' ? await openMicrophone() : undefined
      if (typeof microphone === 'string') {
        trouble.value = microphone
        return
      }
      placed += 1
      const url = realtimeUrl(location.origin, model)
      const call = placeCall({ id: placed, url, protocols, sound: await sound, microphone })
      calls.value = [...calls.value, call]
      watch(call)
    } catch (error) {
      sound = undefined
      trouble.value = `The call could not be placed: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  /** Asks for the account again whenever a call has begun or ended, and when the broker tells it something. */
  function watch(call: Call): void {
    let before: string | undefined
    const stop = effect(() => {
      const { phase, close, notices } = call.record.value
      const here = `${phase} ${close?.code ?? ''} ${notices.length}`
      if (here === before) return
      before = here
      setTimeout(() => void refresh(), settleMs)
      if (close !== undefined) queueMicrotask(() => stop())
    })
  }

  /** A key in the address bar wins over the one of this tab, and the address forgets it. */
  function takeKey(): void {
    const found = keyFromAddress(location.href)
    if (found.cleaned !== location.href) history.replaceState(null, '', found.cleaned)
    if (found.key !== undefined) useKey(found.key)
  }

  takeKey()
  void refresh()
  return {
    key,
    account,
    source,
    calls,
    trouble,
    now,
    useKey,
    newCall,
    remove(call) {
      calls.value = calls.value.filter((one) => one !== call)
    },
  }
}

function isOpen(call: Call): boolean {
  return call.record.value.close === undefined
}

/** A sentence when the broker does not know the key; undefined when it tells nothing. */
async function readAccount(key: string): Promise<Account | string | undefined> {
  try {
    const response = await fetch('/v1/me', { headers: { authorization: `Bearer ${key}` } })
    if (response.status === 401) return 'The broker does not accept this key. Change it above.'
    return response.ok ? accountOf(await response.json()) : undefined
  } catch {
    return undefined
  }
}
