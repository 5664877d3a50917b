// The event log: one line per event or run of audio pieces, in seconds since the call was placed.
// A line opens to its JSON.
import { useSignal } from '@preact/signals'
import { Fragment, type VNode } from 'preact'
import type { EventLog, LogLine } from './event-log.ts'
import { useScrollEnd } from './scroll-end.ts'
import { amount } from './sentences.ts'

export function EventList({ log, since }: { log: EventLog; since: number }): VNode {
  const open = useSignal(false)
  return (
    <details class="log" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary data-testid="event-log-toggle">Events ({amount(log.total)})</summary>
      {open.value && <Lines log={log} since={since} />}
    </details>
  )
}

function Lines({ log, since }: { log: EventLog; since: number }): VNode {
  const list = useScrollEnd<HTMLOListElement>(log)
  return (
    <ol ref={list} tabIndex={0} aria-label="Event log" data-testid="event-log">
      {log.lines.map((line) => (
        <Line key={line.id} line={line} since={since} />
      ))}
    </ol>
  )
}

function Line({ line, since }: { line: LogLine; since: number }): VNode {
  const open = useSignal(false)
  const sent = line.direction === 'out'
  return (
    <li data-testid="event" data-type={line.type}>
      <details onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary>
          <time dateTime={new Date(line.at).toISOString()} title={timeOfDay(line.at)}>
            {((line.at - since) / 1000).toFixed(3)}
          </time>
          <span class="direction" data-direction={line.direction} aria-label={sent ? 'sent' : 'received'}>
            {sent ? '↑' : '↓'}
          </span>
          <span class="type">{breakable(line.type)}</span>
          {line.count > 1 && <span class="count">×{amount(line.count)}</span>}
          {line.audioMs > 0 && <span class="count">{(line.audioMs / 1000).toFixed(1)} s</span>}
        </summary>
        {open.value && <pre tabIndex={0}>{JSON.stringify(line.event, undefined, 2)}</pre>}
      </details>
    </li>
  )
}

/** Event types are long words; they may break after a dot or an underscore. */
function breakable(type: string): VNode[] {
  return type.split(/(?<=[._])/).map((part, index) => (
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ))
}

function timeOfDay(at: number): string {
  const date = new Date(at)
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
