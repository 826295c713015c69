import type { Check, Decision, RuleLocation } from '../domain/decision.ts'
import { describeReject } from '../domain/describe-reject.ts'
import type { Reject } from '../domain/reject.ts'
import { type StepName, stepOfReason, steps } from '../domain/steps.ts'
import type { DecisionEntry } from './decision-ring.ts'
import { escapeForTerminal } from './escape-text.ts'

const methodNote =
  'the query holds `_method`: some frameworks act on it, while `methods` and `routes` judged the method of the request line'

/** Steps an introspected token has no use for: the provider reads it, and no key of ours is needed. */
const skippedWhenIntrospected: ReadonlySet<StepName> = new Set(['parseToken', 'selectTrust', 'findKey'])

/** Steps of a token, which a request that needs none has no use for. */
const skippedWithoutToken: ReadonlySet<StepName> = new Set([
  ...skippedWhenIntrospected,
  'verifySignature',
  'checkClaims',
  'bindHead',
])

/**
 * A decision in words: which checks passed, what the failing one saw and wanted, and which line of the configuration
 * asked for it. `locate` finds the line of a configuration path; without it the path alone is given. Every string is
 * safe to print.
 */
export function describeDecision(
  entry: DecisionEntry,
  locate: (rule: string) => RuleLocation = (path) => ({ path }),
): Decision {
  const { reject } = entry
  const words = reject === undefined ? undefined : describeReject(reject, entry.token)
  const rule = reject === undefined ? undefined : ruleOf(reject)
  return {
    id: entry.id,
    atMs: entry.atMs,
    outcome: entry.outcome,
    status: entry.status,
    method: escapeForTerminal(entry.method),
    path: escapeForTerminal(entry.path ?? ''),
    api: entry.api,
    application: entry.application,
    generation: entry.generation,
    reason: reject?.reason,
    checks: checksOf(entry),
    seen: words && escapeForTerminal(words.seen),
    wanted: words && escapeForTerminal(words.wanted),
    hint: words?.hint,
    ...(entry.queryNamesMethod === undefined ? {} : { notes: [methodNote] }),
    rule: rule === undefined ? undefined : locate(rule),
    token: entry.token,
  }
}

function ruleOf(reject: Reject): string | undefined {
  return 'rule' in reject ? reject.rule : undefined
}

/** Every step before `record` with its verdict: the order and the failing step tell the rest. */
function checksOf(entry: DecisionEntry): readonly Check[] {
  const listed = steps.filter(({ name }) => name !== 'record')
  const failing = entry.reject === undefined ? undefined : stepOfReason[entry.reject.reason]
  const stop = failing ?? stopOf(entry)
  const passed = stop === undefined ? listed.length : listed.findIndex(({ name }) => name === stop)
  return listed.map(({ name, skippedWhenPublic }, index): Check => {
    if (name === failing) return { step: name, verdict: 'failed' }
    if (index >= passed) return { step: name, verdict: 'not reached' }
    return { step: name, verdict: isSkipped(entry, name, skippedWhenPublic) ? 'skipped' : 'passed' }
  })
}

/** The first step that was not reached when none failed; undefined: all were. */
function stopOf({ reject, outcome, way, upstreamAsked }: DecisionEntry): StepName | undefined {
  // A reason any step may give does not say how far the request came: then no step is said to have passed.
  if (reject !== undefined) return 'readRequest'
  if (way === 'preflight') return 'extractToken'
  if (outcome === 'answered') return 'matchApi'
  return upstreamAsked ? undefined : 'forward'
}

function isSkipped(entry: DecisionEntry, step: StepName, skippedWhenPublic: boolean): boolean {
  if (step === 'answerPreflight') return entry.way !== 'preflight'
  if (entry.way === 'public') return skippedWhenPublic
  if (entry.way === 'tokenless') return skippedWithoutToken.has(step)
  if (entry.way === 'introspected') return skippedWhenIntrospected.has(step)
  // An unverified `exp` that is past refuses before any signature is checked (S8).
  return step === 'verifySignature' && entry.reject?.reason === 'token_expired' && !entry.reject.signatureChecked
}
