import type { ApiPlan, GrantsPlan } from './plan.ts'

/** Which policies callers of an API have; undefined: it asks for none, or is public. */
export function grantsOf({ access }: ApiPlan): GrantsPlan | undefined {
  return access.kind === 'protected' ? access.grants : undefined
}
