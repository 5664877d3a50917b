// Asks for a key when the link brought none. The key goes to the board, nowhere else.
import type { TargetedSubmitEvent, VNode } from 'preact'
import type { Board } from './board.ts'

export function KeyForm({ board }: { board: Board }): VNode {
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const key = new FormData(event.currentTarget).get('key')
    if (typeof key === 'string' && key.trim() !== '') board.useKey(key.trim())
  }
  return (
    <form class="panel key-form" onSubmit={submit} data-testid="key-form">
      <label for="key">Your Trunkline key</label>
      <div class="row">
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-describedby="key-note"
          data-testid="key-input"
        />
        <button class="primary" type="submit" data-testid="use-key">
          Use key
        </button>
      </div>
      <p class="note" id="key-note">
        It stays in this tab and is sent to this broker only. The demo prints a link that brings the key along.
      </p>
    </form>
  )
}
