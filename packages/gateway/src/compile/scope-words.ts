import type { RequirePlan } from './plan.ts'

/** The scopes that are asked for, each for people to read: all of them, `a or b` where one is enough. */
export function scopeWords({ scopes }: RequirePlan): readonly string[] {
  return scopes.flatMap(({ all, any }) => [...(all ?? []), ...(any === undefined ? [] : [any.join(' or ')])])
}
