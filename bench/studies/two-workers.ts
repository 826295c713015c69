import { readFileSync } from 'node:fs'
import { caseNamed } from '../case-named.ts'
import { mean } from '../mean.ts'
import { measure, type Sample } from '../measure.ts'
import { referenceUs } from '../reference-us.ts'
import { roundFaults } from '../round-faults.ts'
import { startUpstream } from '../sides/nginx.ts'
import { tokenPool } from '../tokens.ts'
import { benchConfig } from './bench-config.ts'
import { type BusierShare, busierShare, type Decided, decidedOf } from './busier-share.ts'
import { startGateway } from './gateway.ts'
import { logLines } from './log-lines.ts'
import { standardLoad } from './standard-load.ts'
import type { Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'
import { withCleanup } from './with-cleanup.ts'

const connections = 256

interface Visit {
  readonly sample: Sample
  /** Of the requests: the worker that had most of them. */
  readonly busierShare: number
}

/**
 * Two workers against one, in rounds of one, two, two, one. Both workers share the gateway's core: a second core would be
 * the load's, and its caches and the load would weigh on the figure more than what is asked, which is what it costs to
 * share the work.
 */
export const twoWorkers: Study = {
  name: 'two-workers',
  about: 'CPU per request with two workers / with one, and how 256 connections are spread over two',
  run: async (context) => {
    const ratios: number[] = []
    const shares: number[] = []
    const faults: string[] = []
    for (let round = 0; round < context.rounds; round++) {
      const before = await referenceUs(context.gatewayCpu)
      const one = [await visit(context, 1)]
      const two = [await visit(context, 2), await visit(context, 2)]
      one.push(await visit(context, 1))
      const samples = [...one, ...two].map(({ sample }) => sample)
      const found = roundFaults({ samples, referenceUs: [before, await referenceUs(context.gatewayCpu)] })
      faults.push(...found)
      if (found.length > 0) continue
      const cpu = (visits: readonly Visit[]): number => mean(visits.map(({ sample }) => sample.cpuUsPerRequest))
      ratios.push(cpu(two) / cpu(one))
      shares.push(...two.map(({ busierShare }) => busierShare))
    }
    return {
      figures: [
        toFigure({ name: 'CPU, two workers / one', unit: 'ratio', values: ratios, steadiness: 'ratio', faults }),
        worst(toFigure({ name: "busier worker's share", unit: 'share', values: shares, faults })),
      ],
      failures: [],
    }
  },
}

/** A bound on a share is a bound on the largest. */
function worst(figure: ReturnType<typeof toFigure>): ReturnType<typeof toFigure> {
  return { ...figure, value: figure.range?.[1] ?? figure.value }
}

async function visit(context: StudyContext, workers: number): Promise<Visit> {
  const { node, folder, gatewayCpu: cpu } = context
  const benchCase = caseNamed('warm')
  const pool = tokenPool(benchCase.kind)
  // A gateway that has ended has written all of its log.
  const { sample, logFile } = await withCleanup(async (atEnd) => {
    const upstream = await startUpstream(folder, context.loadCpu)
    atEnd(upstream.stop)
    const config = benchConfig(upstream.port, { keys: { publicKey: readFileSync(pool.keyFile, 'utf8') } })
    const gateway = await startGateway({ node, cpu, workers, folder, config })
    atEnd(gateway.stop)
    // Each worker has a cache of its own, and takes a token in when it sees it twice; which of the two sees it is chance.
    const load = { ...standardLoad(context, benchCase, pool.file, upstream), connections, warmRequests: 200_000 }
    return { sample: await measure(gateway, load), logFile: gateway.logFile }
  })
  const { share, fault } = await readShare(logFile, sample)
  const said = `busier worker ${(share * 100).toFixed(0)} %`
  context.say(`  ${workers} workers: ${sample.cpuUsPerRequest.toFixed(1)} us, ${said} ${sample.fault ?? fault ?? ''}`)
  return { sample: { ...sample, fault: sample.fault ?? fault }, busierShare: share }
}

async function readShare(logFile: string, { requests, rps }: Sample): Promise<BusierShare> {
  const decided: Decided[] = []
  for await (const line of logLines(logFile)) {
    const one = decidedOf(line)
    if (one !== undefined) decided.push(one)
  }
  return busierShare(decided, { requests, seconds: requests / rps })
}
