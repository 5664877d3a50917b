// One line about the tenant behind the key. What the broker does not tell is not shown.
import type { VNode } from 'preact'
import type { Account } from './account.ts'
import { keyHint } from './address.ts'
import type { Board } from './board.ts'
import { amount, dollars, duration } from './sentences.ts'

export function StatusStrip({ board }: { board: Board }): VNode | null {
  const key = board.key.value
  if (key === undefined) return null
  const account = board.account.value
  return (
    <div class="strip" role="group" aria-label="Your account" data-testid="status-strip">
      <dl>
        <Fact name="Tenant" value={account?.name} />
        <Fact name="Plan" value={account?.plan} />
        <Fact name="Lines" value={lines(account)} />
        <Fact name="Tokens today" value={shown(account?.tokensToday, amount)} />
        <Fact name="Cost today" value={shown(account?.microUsdToday, dollars)} />
        <Fact name="Trial ends" value={shown(account?.trialEndsAt, (at) => fromNow(at, board.now.value))} />
        <Fact name="Key" value={keyHint(key)} />
      </dl>
      <button class="quiet" type="button" onClick={() => board.useKey(undefined)} data-testid="change-key">
        Change key
      </button>
    </div>
  )
}

function Fact({ name, value }: { name: string; value: string | undefined }): VNode | null {
  if (value === undefined) return null
  return (
    <div data-testid={`me-${name.toLowerCase().replace(' ', '-')}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function fromNow(at: string, now: number): string {
  const ms = Date.parse(at) - now
  return ms > 0 ? `in ${duration(ms)}` : 'it is over'
}

function shown<T>(value: T | undefined, words: (value: T) => string): string | undefined {
  return value === undefined ? undefined : words(value)
}

function lines({ live, waiting = 0, cap }: Partial<Account> = {}): string | undefined {
  if (live === undefined) return cap === undefined ? undefined : String(cap)
  const used = cap === undefined ? `${live} in use` : `${live} of ${cap} in use`
  return waiting > 0 ? `${used}, ${waiting} waiting` : used
}
