import type { BenchCase } from './cases.ts'
import { type MeasureOptions, measure, type Sample } from './measure.ts'
import { probesOf } from './probe.ts'
import { readLatency } from './read-latency.ts'
import { referenceUs } from './reference-us.ts'
import { type CaseResult, summarise } from './report.ts'
import type { Round } from './round.ts'
import { sidePlans } from './sides/side-plans.ts'
import { startSide } from './sides/start-side.ts'
import type { Upstream } from './sides/upstream.ts'
import { upstreamFor } from './sides/upstream-for.ts'
import type { StudyContext } from './studies/study.ts'
import { tokenPool } from './tokens.ts'

/** All rounds of a case, and its latency where it is asked for and the case has one. */
export async function runCase(context: StudyContext, benchCase: BenchCase, hasLatency: boolean): Promise<CaseResult> {
  context.say(`${benchCase.name}: ${benchCase.about}`)
  const upstream = await upstreamFor(benchCase, context.folder, context.loadCpu)
  try {
    const rounds: Round[] = []
    for (let round = 0; round < context.rounds; round++) rounds.push(await runRound(context, benchCase, upstream))
    const isRead = hasLatency && isPlain(benchCase)
    return summarise(benchCase, rounds, isRead ? await readLatency(context, benchCase, upstream, rounds) : undefined)
  } finally {
    await upstream.stop()
  }
}

/** The paced generator speaks HTTP/1.1, sends no bodies, and takes its tokens as they come. */
function isPlain({ transport, rpsMax, idleConnections, against }: BenchCase): boolean {
  const isToOthers = against === 'haproxy' || against === 'nothing'
  return transport === 'http' && rpsMax === undefined && idleConnections === 0 && isToOthers
}

async function runRound(context: StudyContext, benchCase: BenchCase, upstream: Upstream): Promise<Round> {
  const { gatewayCpu, loadCpu } = context
  const before = await referenceUs(gatewayCpu)
  const samples: Sample[] = []
  for (const plan of sidePlans(benchCase)) {
    const options: MeasureOptions = {
      benchCase: plan.benchCase,
      tokenFile: tokenPool(plan.benchCase.kind).file,
      seconds: Math.max(context.seconds, plan.benchCase.secondsMin),
      ...{ warmSeconds: 5, warmRequests: 50_000, connections: 32 },
      ...{ gatewayCpu, loadCpu, upstream, probes: probesOf(plan.benchCase) },
    }
    const side = await startSide(context, plan, upstream.port)
    try {
      const sample = await measure(side, options)
      samples.push(sample)
      context.say(
        `  ${plan.name.padEnd(8)} ${sample.cpuUsPerRequest.toFixed(1)} us ${Math.round(sample.rps)} rps, ` +
          `load core ${(sample.loadIdle * 100).toFixed(0)} % idle, upstream ${sample.upstreamRequests} requests ` +
          `over ${sample.upstreamConnections} connections ${sample.fault ?? ''}`,
      )
    } finally {
      await side.stop()
    }
  }
  return { samples, referenceUs: [before, await referenceUs(gatewayCpu)] }
}
