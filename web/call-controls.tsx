// The buttons of a call, and a line to type into.
import type { TargetedSubmitEvent, VNode } from 'preact'
import type { Call } from './call.ts'

export function CallControls({ call, remove }: { call: Call; remove: () => void }): VNode {
  const { phase, close } = call.record.value
  const live = phase === 'live'
  const over = close !== undefined || phase === 'ended'
  return (
    <div class="controls">
      {live && <TypeForm call={call} />}
      <div class="buttons">
        {live && (
          <>
            <button
              type="button"
              onClick={() => void call.speakRecording()}
              disabled={call.speaking.value}
              data-testid="speak-recording"
            >
              {call.speaking.value ? 'Speaking…' : 'Speak the recording'}
            </button>
            <button type="button" onClick={() => call.interrupt()} data-testid="interrupt">
              Interrupt
            </button>
          </>
        )}
        {over ? (
          <button key="end" type="button" onClick={remove} data-testid="remove-call">
            Remove
          </button>
        ) : (
          <button key="end" class="danger" type="button" onClick={() => call.hangUp()} data-testid="hang-up">
            Hang up
          </button>
        )}
      </div>
    </div>
  )
}

function TypeForm({ call }: { call: Call }): VNode {
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const text = new FormData(form).get('text')
    if (typeof text === 'string' && text.trim() !== '') call.type(text.trim())
    form.reset()
  }
  return (
    <form class="row" onSubmit={submit}>
      <input
        name="text"
        type="text"
        autocomplete="off"
        placeholder="Type instead of speaking"
        aria-label={`Type to call ${call.id}`}
        data-testid="type-text"
      />
      <button type="submit" data-testid="send-text">
        Send
      </button>
    </form>
  )
}
