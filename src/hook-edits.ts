// What edits make of a webhook endpoint, and what is shown of it. Knows no store and no clock. Rules A2, A5, K4.
import { isoOf } from './calendar.ts'
import { isGone, isOn, type Hook, type KeptHook, type NewHook } from './hook.ts'
import type { HookChange, HookSettings } from './hook-settings.ts'

/** `created_at`: ISO 8601, UTC. */
export function newHook(id: string, settings: HookSettings, secret: string, created_at: string): NewHook {
  return { id, ...settings, created_at, secret, old: null }
}

/** What is not given stays. Switched on, it is told again, also where it said 410 before. */
export function changedHook(hook: Hook, { url, events, enabled }: HookChange, now: number): Hook {
  return {
    ...hook,
    url: url ?? hook.url,
    events: events === undefined ? hook.events : events,
    enabled: enabled ?? hook.enabled,
    on_at: enabled === true ? now : hook.on_at,
  }
}

export function rotatedHook(hook: Hook, secret: string, graceMs: number, now: number): Hook {
  return { ...hook, secret, old: graceMs > 0 ? { secret: hook.secret, until: now + graceMs } : null }
}

/** Without its secrets. */
export function shownHook(kept: KeptHook): { id: string; [field: string]: unknown } {
  const { hook, state } = kept
  const { id, url, events, created_at } = hook
  const last = state === undefined ? null : { at: isoOf(state.at), status: state.status, error: state.error }
  return {
    object: 'webhook',
    id,
    url,
    events,
    enabled: isOn(kept),
    disabled_reason: offBecause(kept),
    created_at,
    last,
  }
}

function offBecause({ hook, state }: KeptHook): string | null {
  return isGone(hook, state) ? 'It answered 410 Gone. Set "enabled" to true to tell it again.' : null
}
