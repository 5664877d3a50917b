// How whoever asked over HTTP is told what goes wrong between a broker and Redis. Knows no Redis and no route. Rule A1.
import type { Attempt } from '../../src/http/app.ts'
import type { Refusal } from '../../src/refusal.ts'
import type { StoreFault, StoreTrouble } from './fault.ts'

/** `away`: it comes back by itself. `unfit`: somebody must mend it. `bug`: it did what it was told, and that was wrong. */
const kinds: Record<StoreTrouble, 'away' | 'unfit' | 'bug'> = {
  unreachable: 'away',
  slow: 'away',
  cut: 'away',
  missing: 'away',
  replica: 'away',
  loading: 'away',
  cluster: 'away',
  certificate: 'unfit',
  password: 'unfit',
  forbidden: 'unfit',
  version: 'unfit',
  command: 'unfit',
  masters: 'unfit',
  full: 'unfit',
  evicting: 'unfit',
  disk: 'unfit',
  error: 'bug',
}

/** undefined: as any other bug is told. */
export function refusalOf({ trouble, unrun }: StoreFault, attempt: Attempt): Refusal | undefined {
  const kind = kinds[trouble]
  if (kind === 'bug') return undefined
  if (kind === 'unfit') return { why: 'store_unfit' }
  const harmless = attempt === 'read' || (attempt === 'change' && unrun)
  return { why: harmless ? 'store_unreachable' : 'store_unanswered' }
}
