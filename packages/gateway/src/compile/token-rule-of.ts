import type { RequirePlan } from './plan.ts'

/** The first line of the configuration that asks something only a token can satisfy; undefined: none does. */
export function tokenRuleOf({ audiences, claims, scopes }: RequirePlan): string | undefined {
  return (audiences[0] ?? claims[0] ?? scopes[0])?.rule
}
