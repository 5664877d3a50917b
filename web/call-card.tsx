// One call on the page: what it is doing, what was said, what it took.
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Board } from './board.ts'
import type { Call } from './call.ts'
import { CallControls } from './call-controls.tsx'
import { CallFigures } from './call-figures.tsx'
import { CallFortune } from './call-fortune.tsx'
import { EventList } from './event-list.tsx'
import { LevelMeter } from './level-meter.tsx'
import { clock, phaseNames, whySentence } from './sentences.ts'
import { TranscriptView } from './transcript-view.tsx'

export function CallCard({ call, board }: { call: Call; board: Board }): VNode {
  const record = call.record.value
  const { phase, placedAt, liveAt, endedAt } = record
  const why = whySentence(record)
  // What was said stays also when the caller was sent away: the apology.
  const hears = liveAt !== undefined || phase === 'waiting' || record.transcript.length > 0
  const heading = `call-${call.id}`
  const card = useRef<HTMLElement>(null)
  useEffect(() => card.current?.scrollIntoView({ block: 'nearest' }), [])
  return (
    <article ref={card} class="card" data-phase={phase} aria-labelledby={heading} data-testid="call-card">
      <header class="card-head">
        <h2 id={heading}>Call {call.id}</h2>
        <p class="state" role="status" data-testid="call-state" data-phase={phase}>
          {phaseNames[phase]}
        </p>
        <span class="source">{call.source === 'microphone' ? 'Microphone' : 'Recording'}</span>
        <span class="clock" role="timer" aria-label="Time in call" data-testid="call-clock">
          {clock((endedAt ?? board.now.value) - (liveAt ?? placedAt))}
        </span>
      </header>
      {why !== '' && (
        <p class="why" aria-live="polite" data-testid="call-why">
          {why}
        </p>
      )}
      <CallFortune record={record} />
      {hears && (
        <>
          <div class="meters">
            <LevelMeter label="You" level={call.saidLevel} testid="level-out" />
            <LevelMeter label="Agent" level={call.heardLevel} testid="level-in" />
          </div>
          <TranscriptView transcript={record.transcript} />
        </>
      )}
      <CallControls call={call} remove={() => board.remove(call)} />
      {liveAt !== undefined && <CallFigures record={record} />}
      <EventList log={record.log} since={placedAt} />
    </article>
  )
}
