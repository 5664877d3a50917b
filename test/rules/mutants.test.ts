// Whether the tests of the rules would notice a wrong one. The wire's too: `node tools/mutants.ts`.
import { expect, test } from 'vitest'
import { check } from '../../tools/mutants.ts'

const timeout = { timeout: 120_000 }

/** Changes each comparison, condition and statement of a rule, one at a time: its own tests must fail each time. */
const noticed = (file: string) => async (): Promise<void> => {
  const { killed = 0, survived } = (await check([file]))[file] ?? {}
  console.info(`${file}: ${killed} mutants killed`)
  expect(survived).toEqual([])
  expect(killed).toBeGreaterThan(5)
}

test('[G2] a wrong gate is noticed, whatever is wrong with it', timeout, noticed('src/gate.ts'))
test('[P5] a wrong pool is noticed, whatever is wrong with it', timeout, noticed('src/pool.ts'))
test('[P6] a wrong meter is noticed, whatever is wrong with it', timeout, noticed('src/meter.ts'))
test('[P2] a wrong grant is noticed, whatever is wrong with it', timeout, noticed('src/grant.ts'))
test('[L1] a wrong ledger is noticed, whatever is wrong with it', timeout, noticed('src/ledger.ts'))
test('[L6] a wrong threshold is noticed, whatever is wrong with it', timeout, noticed('src/threshold.ts'))
test('[L4] a wrong hold is noticed, whatever is wrong with it', timeout, noticed('src/held.ts'))
test('[C8] a wrong brake is noticed, whatever is wrong with it', timeout, noticed('src/brake.ts'))
test('[C2] a wrong keeping of early frames is noticed, whatever is wrong with it', timeout, noticed('src/early.ts'))
test('[L2] a wrong tab is noticed, whatever is wrong with it', timeout, noticed('src/tab.ts'))
test('[L3] a wrong price is noticed, whatever is wrong with it', timeout, noticed('src/price.ts'))
test('[C1] a wrong call machine is noticed, whatever is wrong with it', timeout, noticed('src/call.ts'))
test('[A5] a wrong outbox is noticed, whatever is wrong with it', timeout, noticed('src/outbox.ts'))
