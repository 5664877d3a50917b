// Holds a call to its model, and its session to what the tenant pinned. Knows no socket. Rule C4.
import type { Refusal } from './refusal.ts'
import type { ControlEvent } from './realtime/control-event.ts'

type Json = Record<string, unknown>

/** The part of an event that configures: `session` of a session.update, `response` of a response.create. */
const configures = new Map([
  ['session.update', 'session'],
  ['response.create', 'response'],
])

/** A refusal when the event asks for another model than the call was opened for. */
export function otherModel(event: ControlEvent, model: string): Refusal | undefined {
  const asked = part(event)?.['model']
  if (asked === undefined || asked === null || asked === model) return undefined
  return {
    why: 'model_fixed',
    details: {
      model,
      asked: typeof asked === 'string' ? asked.slice(0, 100) : 'something that is not a name',
      param: `${configures.get(event.type)}.model`,
    },
  }
}

/** The event with the pinned parts on top, as text; undefined when it says nothing that is pinned. */
export function pinnedFrame(event: ControlEvent, pinned: Json): string | undefined {
  const name = configures.get(event.type)
  const said = part(event)
  if (name === undefined || said === undefined) return undefined
  const held = event.type === 'session.update' ? pinned : common(said, pinned)
  return Object.keys(held).length === 0 ? undefined : JSON.stringify({ ...event, [name]: merged(said, held) })
}

/** The first event of a call whose tenant pins something. */
export function pinningFrame(pinned: Json): string {
  return JSON.stringify({ type: 'session.update', session: { type: 'realtime', ...pinned } })
}

function part(event: ControlEvent): Json | undefined {
  const name = configures.get(event.type)
  const said = name === undefined ? undefined : event[name]
  return isObject(said) ? said : undefined
}

/** What of the pinned parts the other one speaks of, at every depth: a response takes fewer parts than a session. */
function common(said: Json, pinned: Json): Json {
  const both = Object.entries(pinned).filter(([name]) => Object.hasOwn(said, name))
  return Object.fromEntries(
    both.map(([name, value]) => {
      const under = said[name]
      return [name, isObject(under) && isObject(value) ? common(under, value) : value]
    }),
  )
}

function merged(below: Json, above: Json): Json {
  const result: Json = { ...below }
  for (const [name, value] of Object.entries(above)) {
    const under = result[name]
    result[name] = isObject(under) && isObject(value) ? merged(under, value) : value
  }
  return result
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
