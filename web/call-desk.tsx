// Chooses what a new call speaks with, and places it.
import type { VNode } from 'preact'
import type { Board } from './board.ts'

const sources = [
  { value: 'recording', label: 'Recording' },
  { value: 'microphone', label: 'Microphone' },
] as const

export function CallDesk({ board }: { board: Board }): VNode {
  return (
    <div class="panel desk">
      <fieldset class="choice">
        <legend>Speak with</legend>
        {sources.map(({ value, label }) => (
          <label key={value}>
            <input
              type="radio"
              name="source"
              value={value}
              checked={board.source.value === value}
              onChange={() => (board.source.value = value)}
              data-testid={`source-${value}`}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <button class="primary" type="button" onClick={() => void board.newCall()} data-testid="new-call">
        New call
      </button>
    </div>
  )
}
