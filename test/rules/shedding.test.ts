// Who is turned away by a process that has too much to do: at each edge, and until the cause is over.
import { expect, test } from 'vitest'
import { strainEases, strainEdges } from '../../src/limits.ts'
import { planNames, type PlanName } from '../../src/plan.ts'
import { shed, strainOf, type Load, type Strain } from '../../src/shedding.ts'

const sheds = (strain: Strain, plan: PlanName | undefined) => shed(strain, false, plan)?.why === 'process_strained'
const calm: Load = { loopDelayMs: 0, memory: 0, calls: 0 }
const causes = ['loopDelayMs', 'memory', 'calls'] as const
const strains = ['some', 'full'] as const
const cases = causes.flatMap((cause) => strains.map((strain) => ({ cause, strain, edge: strainEdges[strain][cause] })))

test('[H6] a process with little to do takes everybody in', () => {
  expect(strainOf(calm, 'none')).toBe('none')
  for (const plan of [...planNames, undefined]) expect(sheds('none', plan)).toBe(false)
})

test.each(cases)('[H6] above its edge of $cause a process is under strain: $strain; at the edge it is not', (one) => {
  const below = one.strain === 'full' ? 'some' : 'none'
  expect(strainOf({ ...calm, [one.cause]: one.edge * 1.001 }, 'none')).toBe(one.strain)
  expect(strainOf({ ...calm, [one.cause]: one.edge }, 'none')).toBe(below)
})

test.each(cases)(
  '[H6] a strain by $cause stays until it is well below the edge: $strain',
  ({ cause, strain, edge }) => {
    const at = (share: number): Load => ({ ...calm, [cause]: edge * share })
    expect(strainOf(at(strainEases * 1.001), strain)).toBe(strain)
    expect(strainOf(at(strainEases), strain)).not.toBe(strain)
  },
)

test('[H6] a full process that eases still takes no trial calls in until it is calm', () => {
  const between = { ...calm, memory: strainEdges.some.memory * 0.9 }
  expect(strainOf(between, 'full')).toBe('some')
  expect(strainOf(between, 'none')).toBe('none')
  expect(strainOf(calm, 'full')).toBe('none')
})

test('[H6] under some strain new trial calls are refused, under full strain all new calls', () => {
  expect(planNames.filter((plan) => sheds('some', plan))).toEqual(['trial'])
  expect(planNames.filter((plan) => sheds('full', plan))).toEqual(planNames)
})

test('[H6] whose plan nobody knows yet is let in, but not by a full process', () => {
  expect(sheds('some', undefined)).toBe(false)
  expect(sheds('full', undefined)).toBe(true)
})

test('[D1] a process that shuts down takes nobody in, and says that another one will answer', () => {
  for (const strain of ['none', 'some', 'full'] as const)
    for (const plan of [...planNames, undefined]) expect(shed(strain, true, plan)).toEqual({ why: 'process_draining' })
  expect(shed('none', false, 'trial')).toBeUndefined()
})
