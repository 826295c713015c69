import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BenchCase, benchPath, cases } from './cases.ts'
import { latencyAt } from './load/latency.ts'
import { saturate } from './load/saturate.ts'
import { type MeasureOptions, measure, referenceUs, type Sample } from './measure.ts'
import { probesOf } from './probe.ts'
import { type CaseResult, type Round, summarise, toTable } from './report.ts'
import { saveResults } from './save-results.ts'
import { startHaproxy } from './sides/haproxy.ts'
import { startJotgate } from './sides/jotgate.ts'
import { startNginxSide } from './sides/nginx.ts'
import type { RunningSide, SideOptions } from './sides/side.ts'
import { type SidePlan, sidePlans } from './sides/side-plans.ts'
import type { Upstream } from './sides/upstream.ts'
import { upstreamFor } from './sides/upstream-for.ts'
import { printSteps } from './steps.ts'
import { figureTable } from './studies/figure-table.ts'
import { runStudies } from './studies/run-studies.ts'
import { studiesNamed } from './studies/studies-named.ts'
import { targetTable } from './target-table.ts'
import { targetCases, targetRows, targetStudies } from './targets.ts'
import { tokenPool } from './tokens.ts'

/**
 * `npm run bench -- [--json] [--case warm] [--rounds 5] [--seconds 10] [--node /path/to/node] [--no-latency]
 * [--save bench/results/name.json] [--steps]
 * [--study name] [--targets]`
 */
const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    node: { type: 'string', default: process.execPath },
    'no-latency': { type: 'boolean', default: false },
    save: { type: 'string' },
    steps: { type: 'boolean', default: false },
    study: { type: 'string', multiple: true },
    targets: { type: 'boolean', default: false },
  },
})

const gatewayCpu = 0
const loadCpu = 1
/** Latency is read at a fixed rate, this share of what the slower of the two reaches in the case. */
const pacedShare = 0.7
const folder = mkdtempSync(join(tmpdir(), 'jotgate-bench-run-'))

type Start = (options: SideOptions) => Promise<RunningSide>
const startProduct: { readonly [product in SidePlan['product']]: Start } = {
  haproxy: startHaproxy,
  jotgate: (options) => startJotgate({ ...options, node: flags.node }),
  nginx: startNginxSide,
}

/** `warm` names one case, `warm*` all that begin so, `all` every one. */
function isNamed(names: readonly string[], name: string): boolean {
  return names.some((one) => one === 'all' || one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1))))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function startSide({ name, product, benchCase }: SidePlan, upstream: Upstream): Promise<RunningSide> {
  const { keyFile, keyFiles } = tokenPool(benchCase.kind)
  const options = { benchCase, cpu: gatewayCpu, upstreamPort: upstream.port, keyFile, keyFiles, folder }
  return { ...(await startProduct[product](options)), name }
}

async function runCase(benchCase: BenchCase): Promise<CaseResult> {
  say(`${benchCase.name}: ${benchCase.about}`)
  const upstream = await upstreamFor(benchCase, folder, loadCpu)
  try {
    const rounds: Round[] = []
    for (let round = 0; round < Number(flags.rounds); round++) rounds.push(await runRound(benchCase, upstream))
    const hasLatency = isPlain(benchCase) && !flags['no-latency']
    const latency = hasLatency ? await readLatency(sidePlans(benchCase), upstream, rounds) : undefined
    return summarise(benchCase, rounds, latency)
  } finally {
    await upstream.stop()
  }
}

/** The paced generator speaks HTTP/1.1, sends no bodies, and takes its tokens as they come. */
function isPlain({ transport, rpsMax, idleConnections, against }: BenchCase): boolean {
  const isToOthers = against === 'haproxy' || against === 'nothing'
  return transport === 'http' && rpsMax === undefined && idleConnections === 0 && isToOthers
}

async function runRound(benchCase: BenchCase, upstream: Upstream): Promise<Round> {
  const before = await referenceUs(gatewayCpu)
  const samples: Sample[] = []
  for (const plan of sidePlans(benchCase)) {
    const options: MeasureOptions = {
      benchCase: plan.benchCase,
      tokenFile: tokenPool(plan.benchCase.kind).file,
      seconds: Math.max(Number(flags.seconds), plan.benchCase.secondsMin),
      warmSeconds: 5,
      warmRequests: 50_000,
      connections: 32,
      gatewayCpu,
      loadCpu,
      upstream,
      probes: probesOf(plan.benchCase),
    }
    const side = await startSide(plan, upstream)
    try {
      const sample = await measure(side, options)
      samples.push(sample)
      say(
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

async function readLatency(plans: readonly SidePlan[], upstream: Upstream, rounds: readonly Round[]) {
  const least = (name: RunningSide['name']): number =>
    Math.min(...rounds.flatMap(({ samples }) => samples.filter((one) => one.side === name).map((one) => one.rps)))
  const rps = Math.min(least('haproxy'), least('jotgate')) * pacedShare
  const read = async (name: RunningSide['name']) => {
    const plan = plans.find((one) => one.name === name)
    if (plan === undefined) return undefined
    const tokenFile = tokenPool(plan.benchCase.kind).file
    const side = await startSide(plan, upstream)
    try {
      const url = `http://127.0.0.1:${side.port}${benchPath}`
      const warmed = await saturate({ url, tokenFile, seconds: 5, connections: 32, cpu: loadCpu, startAt: 0 })
      const paced = { port: side.port, path: benchPath, tokenFile, seconds: 10, cpu: loadCpu, rps }
      return await latencyAt({ ...paced, startAt: warmed.requests })
    } finally {
      await side.stop()
    }
  }
  return { rps, jotgate: await read('jotgate'), haproxy: await read('haproxy') }
}

say(`node ${flags.node} (this process ${process.version}), ${flags.rounds} rounds of ${flags.seconds} s, A B B A`)
const results: CaseResult[] = []
/** Studies are asked for by name; the cases then run only when they are named too. */
const caseNames = flags.targets ? targetCases : (flags.case ?? (flags.study === undefined ? undefined : []))
const wantedStudies = studiesNamed(flags.targets ? targetStudies : (flags.study ?? []))
try {
  for (const benchCase of cases) {
    if (caseNames === undefined ? !benchCase.isBase : !isNamed(caseNames, benchCase.name)) continue
    if (flags.steps) {
      await printSteps(benchCase, flags.node)
      continue
    }
    const result = await runCase(benchCase)
    results.push(result)
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  }
  if (results.length > 0 && !flags.json) process.stdout.write(`${toTable(results)}\n`)
  const context = { node: flags.node, rounds: Number(flags.rounds), seconds: Number(flags.seconds) }
  const studies = await runStudies(wantedStudies, { ...context, folder, gatewayCpu, loadCpu, say }, (result) =>
    process.stdout.write(`${flags.json ? JSON.stringify(result) : figureTable(result)}\n`),
  )
  const targets = flags.targets ? targetRows(results, studies) : []
  if (flags.targets) process.stdout.write(flags.json ? `${JSON.stringify(targets)}\n` : `${targetTable(targets)}\n`)
  if (flags.save !== undefined) saveResults(flags.save, flags.node, results, { studies, targets })
  if (studies.some(({ failures }) => failures.length > 0)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
