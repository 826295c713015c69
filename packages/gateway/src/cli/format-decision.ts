import type { Check, Decision, RuleLocation, TokenSummary } from '../domain/decision.ts'
import { type StepName, stepOfReason } from '../domain/steps.ts'
import { stepWords } from './step-words.ts'
import type { Paint } from './terminal.ts'

const marks: { readonly [V in Check['verdict']]: string } = {
  passed: '✓',
  failed: '✗',
  skipped: '·',
  'not reached': '·',
}

/**
 * A decision for people: the outcome, the checks in order, what was seen and wanted, the line that asked, a way out.
 * `described`: the request was only described, so that no upstream was asked.
 */
export function formatDecision(
  decision: Decision,
  sourceLine: string | undefined,
  paint: Paint,
  described: boolean,
): string {
  const checks = decision.checks.map((check) => formatCheckLine(check, paint))
  const notes = (decision.notes ?? []).flatMap((note) => ['', `  note    ${note}`])
  return `${[formatOutcome(decision, paint, described), '', ...checks, ...notes, ...formatReason(decision, sourceLine, paint), ...formatToken(decision.token)].join('\n')}\n`
}

/** The outcome in one line. */
export function formatOutcome(decision: Decision, paint: Paint, described: boolean): string {
  const { outcome, reason, status, method, path, api, application } = decision
  const caller = application === undefined ? '' : `, application ${application}`
  const request = `${method} ${path === '' ? '(a path not safe to show)' : path}${api === undefined ? '' : `, API ${api}`}${caller}`
  if (outcome === 'answered') return `${paint.green('answered by the gateway')}: ${request}`
  if (outcome === 'forwarded') return `${paint.green(described ? 'would be let through' : 'let through')}: ${request}`
  return `${paint.red(`${outcome}: ${reason ?? 'unknown'}`)} (${status}): ${request}`
}

/** `file:line:column path`, or the path alone when its place is not known. */
export function formatRule({ path, file, line, column }: RuleLocation): string {
  return line === undefined ? path : `${file}:${line}:${column ?? 1} ${path}`
}

function formatCheckLine({ step, verdict }: Check, paint: Paint): string {
  const words = stepWords[step as StepName] ?? ''
  const note = verdict === 'skipped' ? ' (not asked for here)' : verdict === 'not reached' ? ' (not reached)' : ''
  const line = `  ${marks[verdict]} ${step.padEnd(17)}${words}${note}`
  if (verdict === 'failed') return paint.red(line)
  return verdict === 'passed' ? line : paint.dim(line)
}

function formatReason(decision: Decision, sourceLine: string | undefined, paint: Paint): readonly string[] {
  const { reason, seen, wanted, rule, hint } = decision
  if (reason === undefined) return []
  return [
    '',
    ...(seen === undefined ? [] : [`  seen    ${seen}`]),
    ...(wanted === undefined ? [] : [`  wanted  ${wanted}`]),
    ...(rule === undefined ? [] : [`  rule    ${formatRule(rule)}`]),
    ...(sourceLine === undefined ? [] : [paint.dim(`            ${sourceLine}`)]),
    ...(hint === undefined ? [] : [`  hint    ${paint.bold(hint)}`]),
    ...(reason in stepOfReason ? [`  more    docs/failure-modes.md#${reason}`] : []),
  ]
}

function formatToken(token: TokenSummary | undefined): readonly string[] {
  if (token === undefined) return []
  const title = token.signatureChecked ? 'the token, verified' : 'the token, not verified'
  const members = (kind: string, all: TokenSummary['claims']): readonly string[] =>
    Object.entries(all).map(([name, value]) => `  ${kind}  ${name}: ${value}`)
  return [
    '',
    `${title}; of claims that are not registered only type and length:`,
    ...members('header', token.header),
    ...members('claim ', token.claims),
  ]
}
