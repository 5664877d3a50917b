// A level between 0 and 1, bound to the element itself, so that it moves without drawing the card again.
import type { Signal } from '@preact/signals'
import type { VNode } from 'preact'

export function LevelMeter({ label, level, testid }: { label: string; level: Signal<number>; testid: string }): VNode {
  return (
    <label class="meter">
      <span>{label}</span>
      <meter min={0} max={1} value={level} data-testid={testid} />
    </label>
  )
}
