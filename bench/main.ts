import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cases } from './cases.ts'
import type { CaseResult } from './report.ts'
import { runCase } from './run-case.ts'
import { saveResults } from './save-results.ts'
import { printSteps } from './steps.ts'
import { figureTable } from './studies/figure-table.ts'
import { runStudies } from './studies/run-studies.ts'
import { studiesNamed } from './studies/studies-named.ts'
import type { StudyContext, StudyResult } from './studies/study.ts'
import { targetTable } from './target-table.ts'
import { targetCases, targetRows, targetStudies } from './targets.ts'
import { toTable } from './to-table.ts'

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
const folder = mkdtempSync(join(tmpdir(), 'jotgate-bench-run-'))

/** `warm` names one case, `warm*` all that begin so, `all` every one. */
function isNamed(names: readonly string[], name: string): boolean {
  return names.some((one) => one === 'all' || one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1))))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

say(`node ${flags.node} (this process ${process.version}), ${flags.rounds} rounds of ${flags.seconds} s, A B B A`)
const results: CaseResult[] = []
const studies: StudyResult[] = []

/** After each part: an hour's figures are not lost with the last of them. */
function save(): void {
  if (flags.save === undefined) return
  saveResults(flags.save, flags.node, results, { studies, targets: flags.targets ? targetRows(results, studies) : [] })
}

/** The other cases go on. */
function fail(error: Error): undefined {
  say(`  failed: ${error.message}`)
  process.exitCode = 1
}

const context: StudyContext = {
  ...{ node: flags.node, rounds: Number(flags.rounds), seconds: Number(flags.seconds) },
  ...{ folder, gatewayCpu, loadCpu, say },
}
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
    const result = await runCase(context, benchCase, !flags['no-latency']).catch(fail)
    if (result === undefined) continue
    results.push(result)
    save()
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  }
  if (results.length > 0 && !flags.json) process.stdout.write(`${toTable(results)}\n`)
  await runStudies(wantedStudies, context, (result) => {
    studies.push(result)
    save()
    process.stdout.write(`${flags.json ? JSON.stringify(result) : figureTable(result)}\n`)
  })
  if (flags.targets) {
    const targets = targetRows(results, studies)
    process.stdout.write(flags.json ? `${JSON.stringify(targets)}\n` : `${targetTable(targets)}\n`)
  }
  if (studies.some(({ failures }) => failures.length > 0)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
