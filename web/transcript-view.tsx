// What was said, as a conversation.
import type { VNode } from 'preact'
import { useScrollEnd } from './scroll-end.ts'
import type { SpokenLine, Transcript } from './transcript.ts'

const speakers: Record<SpokenLine['who'], string> = {
  caller: 'You',
  answer: 'Agent',
  broker: 'Trunkline',
  tool: 'Function',
}

export function TranscriptView({ transcript }: { transcript: Transcript }): VNode {
  const list = useScrollEnd<HTMLOListElement>(transcript)
  return (
    <ol class="transcript" ref={list} tabIndex={0} aria-label="Transcript" data-testid="transcript">
      {transcript.length === 0 && <li class="hint">Nothing said yet.</li>}
      {transcript.map((line) => (
        <li key={line.itemId} data-who={line.who}>
          <span class="who">{speakers[line.who]}</span>
          <span class="said">
            {line.text === '' ? '…' : line.text}
            {line.cut && <i> (interrupted)</i>}
          </span>
        </li>
      ))}
    </ol>
  )
}
