import type { BenchCase } from '../cases.ts'
import type { MeasureOptions } from '../measure.ts'
import type { StudyContext } from './study.ts'

/** Warm-up and connections as every case has them. */
export function standardLoad(context: StudyContext, benchCase: BenchCase, tokenFile: string): MeasureOptions {
  const { seconds, gatewayCpu, loadCpu } = context
  return {
    ...{ benchCase, tokenFile, seconds, gatewayCpu, loadCpu },
    ...{ warmSeconds: 5, warmRequests: 50_000, connections: 32 },
  }
}
