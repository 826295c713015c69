import type { ApplicationPlan, ForwardedFactPlan } from '../../compile/plan.ts'
import type { CompiledApi, CompiledApplication } from '../../compile/snapshot.ts'
import { claimToHeader, headerLine } from '../head/header-value.ts'

/**
 * The header lines an API fills from the registration of the application that was found; empty where none was. A fact
 * that is not there fills nothing.
 */
export function shapeFactHeaders(application: CompiledApplication | undefined, { plan }: CompiledApi): string {
  let lines = ''
  if (application === undefined) return lines
  for (const fact of plan.forward.application) {
    const sent = claimToHeader(factOf(application.plan, fact), 'encode')
    if (sent.kind === 'value') lines += headerLine(fact.header, sent.value)
  }
  return lines
}

function factOf(plan: ApplicationPlan, { fact, name }: ForwardedFactPlan): string | undefined {
  return fact === 'metadata' ? plan.metadata.find(([key]) => key === name)?.[1] : plan[fact]
}
