// Tokens and latency of a call. A response without a usage report is named as such, never counted as free.
import type { VNode } from 'preact'
import type { CallRecord } from './call-record.ts'
import { amount } from './sentences.ts'

export function CallFigures({ record }: { record: CallRecord }): VNode {
  const { tally, latencyMs } = record
  return (
    <dl class="figures" data-testid="usage">
      <Figure name="Tokens in" value={amount(tally.input)} testid="usage-input" />
      <Figure name="of it cached" value={amount(tally.cached)} testid="usage-cached" />
      <Figure name="Tokens out" value={amount(tally.output)} testid="usage-output" />
      <Figure name="First audio" value={latencyMs === undefined ? '–' : `${amount(latencyMs)} ms`} testid="latency" />
      {tally.unknown > 0 && <Figure name="Unreported" value={amount(tally.unknown)} testid="usage-unknown" />}
    </dl>
  )
}

function Figure({ name, value, testid }: { name: string; value: string; testid: string }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testid}>{value}</dd>
    </div>
  )
}
