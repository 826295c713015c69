import type { Command } from 'commander'
import type { ApiOverview, LocatedProblem } from '../app/offline.ts'
import { count, formatTable } from './format-table.ts'
import { type ReferenceFlags, referenceOptions, withReferences } from './option-sets.ts'
import { exitCodes, type Paint, type Terminal } from './terminal.ts'
import { toJson } from './to-json.ts'

interface CheckFlags extends ReferenceFlags {
  readonly config: string
  readonly json?: true
}

/** `jotgate check`: everything `start` would say about a configuration, without starting anything. */
export function addCheck(program: Command, terminal: Terminal): void {
  const command = program
    .command('check')
    .description('tell every problem of a configuration, as start would; nothing is started or fetched')
    .option('-c, --config <file>', 'configuration file', 'jotgate.yaml')
    .option('--json', 'one JSON object instead of text')
  withReferences(command)
    .addHelpText(
      'after',
      `
Each problem is one line: file:line:column code message (hint). Exit code 1 when there is an error; warnings are named
loosenings and do not count.

Examples:
  jotgate check
  jotgate check --config deploy/jotgate.yaml --secrets-dir /run/secrets
  jotgate check --json | jq -r '.problems[].code'`,
    )
    .action(async (flags: CheckFlags) => {
      process.exitCode = await check(flags, terminal)
    })
}

async function check(flags: CheckFlags, terminal: Terminal): Promise<number> {
  const { formatProblem, loadOffline, overviewOf } = await import('../app/offline.ts')
  const loaded = await loadOffline(flags.config, referenceOptions(flags))
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  const report: CheckReport = {
    file: flags.config,
    ok: loaded.ok,
    problems,
    apis: loaded.ok ? overviewOf(loaded.value) : [],
  }
  terminal.out(flags.json ? toJson(report) : formatCheck(report, formatProblem, terminal.paint))
  return loaded.ok ? exitCodes.done : exitCodes.refused
}

/** What `check --json` prints. */
export interface CheckReport {
  readonly file: string
  readonly ok: boolean
  readonly problems: readonly LocatedProblem[]
  /** What would be protected; none when there is an error. */
  readonly apis: readonly ApiOverview[]
}

/** The report as text: problems, what is protected, a summary. */
export function formatCheck(
  report: CheckReport,
  formatProblem: (problem: LocatedProblem) => string,
  paint: Paint,
): string {
  const { file, ok, problems, apis } = report
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const counts = `${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`
  const summary = ok ? paint.green(`${file} may go live: ${counts}.`) : paint.red(`${file} is refused: ${counts}.`)
  const table = apis.length === 0 ? [] : ['', formatTable([heading, ...apis.flatMap(toRows)]), '']
  return `${[...problems.map(formatProblem), ...table, summary].join('\n')}\n`
}

const heading = ['API', 'LISTENS AT', 'LETS IN', 'AUDIENCE', 'ALGORITHMS']

/** One row for each of an API's issuers, and each line about whom it lets in beside. */
function toRows({
  id,
  listen,
  access,
  issuers,
  scopes,
  callers,
  policies,
  publicRoutes,
}: ApiOverview): readonly (readonly string[])[] {
  if (access === 'public') return [[id, listen, 'everybody (public)']]
  const trusted = issuers.map(({ id: issuerId, iss, audiences, algorithms }) => [
    `${issuerId}: ${iss ?? 'any iss'}`,
    audiences.length === 0 ? 'any' : audiences.join(', '),
    algorithms.join(' '),
  ])
  const more = [
    ...callers,
    ...(scopes.length === 0 ? [] : [`with scope ${scopes.join(' and ')}`]),
    ...(policies.length === 0 ? [] : [`with a policy by ${policies.join('; ')}`]),
    ...(publicRoutes === 0 ? [] : [`everybody on ${count(publicRoutes, 'public route')}`]),
  ]
  const rows = [...trusted, ...more.map((text) => [text])]
  return rows.map((row, index) => (index === 0 ? [id, listen, ...row] : ['', '', ...row]))
}
