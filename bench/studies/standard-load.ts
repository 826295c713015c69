import type { BenchCase } from '../cases.ts'
import type { MeasureOptions } from '../measure.ts'
import { probesOf } from '../probe.ts'
import type { Upstream } from '../sides/upstream.ts'
import type { StudyContext } from './study.ts'

/** Warm-up and connections as every case has them. */
export function standardLoad(
  context: StudyContext,
  benchCase: BenchCase,
  tokenFile: string,
  upstream: Pick<Upstream, 'counts'>,
): MeasureOptions {
  const { seconds, gatewayCpu, loadCpu } = context
  return {
    ...{ benchCase, tokenFile, seconds, gatewayCpu, loadCpu, upstream, probes: probesOf(benchCase) },
    ...{ warmSeconds: 5, warmRequests: 50_000, connections: 32 },
  }
}
