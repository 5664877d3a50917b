// What befell a call from outside: a refusal, an error, a close, and the broker's own events.
import type { VNode } from 'preact'
import { type CallRecord, type Fault } from './call-record.ts'
import { closeSentence, neverOpened } from './sentences.ts'
import type { WireEvent } from './wire-event.ts'

export function CallFortune({ record }: { record: CallRecord }): VNode {
  const { phase, fault, close, notices } = record
  const serverClosed = close !== undefined && !record.hungUp
  return (
    <>
      {phase === 'refused' && (
        <div class="refusal" role="alert" data-testid="refusal">
          {fault !== undefined && <FaultText fault={fault} />}
          {neverOpened(record) && <p>Is the broker running, and is the key right? A browser does not tell us more.</p>}
          {close !== undefined && <p data-testid="close-code">{closeSentence(close.code, close.reason)}</p>}
        </div>
      )}
      {phase !== 'refused' && (fault !== undefined || (phase === 'ended' && serverClosed)) && (
        <div class="fault" data-testid="fault">
          {fault !== undefined && <FaultText fault={fault} />}
          {serverClosed && <p data-testid="close-code">{closeSentence(close.code, close.reason)}</p>}
        </div>
      )}
      {notices.length > 0 && (
        <ul class="notices" aria-label="From the broker" data-testid="notices">
          {notices.map((notice, index) => (
            <Notice key={index} notice={notice} />
          ))}
        </ul>
      )}
    </>
  )
}

function FaultText({ fault }: { fault: Fault }): VNode {
  return (
    <p>
      <span data-testid="error-message">{fault.message}</span>
      {fault.code !== undefined && (
        <>
          {' '}
          <code data-testid="error-code">{fault.code}</code>
        </>
      )}
    </p>
  )
}

function Notice({ notice }: { notice: WireEvent }): VNode {
  const fields = Object.entries(notice).filter(([name]) => name !== 'type' && name !== 'event_id')
  return (
    <li data-testid="notice">
      <code>{notice.type}</code>
      {fields.map(([name, value]) => (
        <span key={name}>
          {name} <b>{typeof value === 'string' ? value : JSON.stringify(value)}</b>
        </span>
      ))}
    </li>
  )
}
