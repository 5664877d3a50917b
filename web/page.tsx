// The whole page: who you are, a button to call with, the calls. Places no call itself.
import type { VNode } from 'preact'
import type { Board } from './board.ts'
import { BudgetList } from './budget-list.tsx'
import { CallCard } from './call-card.tsx'
import { CallDesk } from './call-desk.tsx'
import { KeyForm } from './key-form.tsx'
import { OwnClient } from './own-client.tsx'
import { StatusStrip } from './status-strip.tsx'

export function Page({ board }: { board: Board }): VNode {
  const { key, calls, trouble } = board
  return (
    <>
      <header class="masthead">
        <div class="width">
          <h1>Trunkline</h1>
          <StatusStrip board={board} />
        </div>
      </header>
      <main class="width">
        <p class="lead">
          This page calls an OpenAI Realtime agent through this broker, as any client would: over one WebSocket, with
          your key. Place several calls at once and see what happens when your lines are full.
        </p>
        {key.value === undefined ? <KeyForm board={board} /> : <CallDesk board={board} />}
        {trouble.value !== undefined && (
          <p class="trouble" role="alert" data-testid="trouble">
            {trouble.value}
          </p>
        )}
        <section class="calls" aria-label="Calls" data-testid="calls">
          {calls.value.map((call) => (
            <CallCard key={call.id} call={call} board={board} />
          ))}
        </section>
        {key.value !== undefined && calls.value.length === 0 && (
          <p class="empty">
            No calls yet. The recording needs no microphone: it asks a question as soon as it is live.
          </p>
        )}
        <BudgetList board={board} />
        <OwnClient />
      </main>
    </>
  )
}
