import { type BenchCase, benchPath } from './cases.ts'
import { type Latency, latencyAt } from './load/latency.ts'
import { pacedRpsMax } from './load/paced-rps-max.ts'
import { saturate } from './load/saturate.ts'
import type { CaseLatency } from './report.ts'
import type { Round } from './round.ts'
import { type SidePlan, sidePlans } from './sides/side-plans.ts'
import { startSide } from './sides/start-side.ts'
import type { Upstream } from './sides/upstream.ts'
import type { StudyContext } from './studies/study.ts'
import { tokenPool } from './tokens.ts'

/** Latency is read at a fixed rate, this share of what the slower of the two reaches in the case. */
const pacedShare = 0.7
const pacedSeconds = 10
const warmSeconds = 5
const compared = ['jotgate', 'haproxy'] as const

/** Latency of Jotgate, and of HAProxy where the case has it, each from a fresh process. */
export async function readLatency(
  context: StudyContext,
  benchCase: BenchCase,
  upstream: Upstream,
  rounds: readonly Round[],
): Promise<CaseLatency> {
  const samples = rounds.flatMap((round) => round.samples)
  const rates = samples.filter(({ side }) => side === 'jotgate' || side === 'haproxy').map((one) => one.rps)
  const rps = Math.min(Math.min(...rates) * pacedShare, pacedRpsMax)
  const sides = new Map<(typeof compared)[number], Latency | Error | undefined>()
  for (const name of compared) {
    const plan = sidePlans(benchCase).find((one) => one.name === name)
    if (plan !== undefined) sides.set(name, await readSide(context, plan, upstream, rps))
  }
  return { rps, sides }
}

async function readSide(context: StudyContext, plan: SidePlan, upstream: Upstream, rps: number) {
  const { loadCpu: cpu } = context
  const { kind, expectedStatus } = plan.benchCase
  const tokenFile = tokenPool(kind).file
  const side = await startSide(context, plan, upstream.port)
  try {
    const url = `http://127.0.0.1:${side.port}${benchPath}`
    const warmed = await saturate({ url, tokenFile, seconds: warmSeconds, connections: 32, cpu, startAt: 0 })
    const paced = { port: side.port, path: benchPath, tokenFile, seconds: pacedSeconds, cpu, rps, expectedStatus }
    // Wrong answers spoil the latency, not the hours of a whole run.
    return await latencyAt({ ...paced, startAt: warmed.requests }).catch((error: Error) => error)
  } finally {
    await side.stop()
  }
}
