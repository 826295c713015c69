import type { ApiPlan, IdentifyPlan } from './plan.ts'

/** How callers' applications are found on an API; undefined: nobody asks, or it is public. */
export function identifyOf({ access }: Pick<ApiPlan, 'access'>): IdentifyPlan | undefined {
  return access.kind === 'protected' ? access.identify : undefined
}
