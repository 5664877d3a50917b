// What is wrong with a tenant's settings that only its plan and its uploads can tell. Knows no store. Rules C9, H4.
import { longestCallSecondsLeast } from './limits.ts'
import type { OwnLines } from './lines.ts'
import type { TenantSettings } from './plan-settings.ts'
import { plans } from './plan.ts'
import type { Refusal } from './refusal.ts'

/** `uploads`: the ids of those that the tenant has; a new one has none. */
export function settingsProblem(
  { plan, hold, longestCallSeconds }: TenantSettings,
  uploads: readonly string[],
): Refusal | undefined {
  const problems: { at: string; says: string }[] = []
  const { patienceSeconds: most, longestCallMinutes } = plans[plan]
  if (longestCallSeconds !== null && longestCallMinutes !== null && longestCallSeconds > longestCallMinutes * 60) {
    const longest = longestCallMinutes * 60
    const says = `is ${longestCallSeconds}; the plan "${plan}" has calls of up to ${longest}: set ${longestCallSecondsLeast} to ${longest}, or null for that of the plan`
    problems.push({ at: 'longestCallSeconds', says })
  }
  if (hold.patienceSeconds !== null && hold.patienceSeconds > most) {
    const says = `is ${hold.patienceSeconds}; the plan "${plan}" has a patience of ${most}: set 0 to ${most}, or null for that of the plan`
    problems.push({ at: 'hold.patienceSeconds', says })
  }
  for (const { at, audio } of ownSounds(hold.lines)) {
    if (audio === null || uploads.includes(audio)) continue
    const says = `there is no sound "${audio}" of this tenant: upload one first (POST …/sounds) and name its id, or set null`
    problems.push({ at: `hold.lines.${at}.audio`, says })
  }
  const [first] = problems
  if (first === undefined) return undefined
  return {
    why: 'body_invalid',
    details: { problems: problems.map(({ at, says }) => `${at}: ${says}`).join('; '), param: first.at },
  }
}

/** Where a tenant's lines name an upload: `joined.de`. */
export function linesWith(upload: string, lines: OwnLines): string[] {
  return ownSounds(lines)
    .filter(({ audio }) => audio === upload)
    .map(({ at }) => at)
}

function ownSounds(lines: OwnLines): { at: string; audio: string | null }[] {
  return Object.entries(lines).flatMap(([line, byLanguage]) =>
    Object.entries(byLanguage).map(([language, { audio }]) => ({ at: `${line}.${language}`, audio })),
  )
}
