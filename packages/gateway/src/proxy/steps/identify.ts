import { identifyOf } from '../../compile/identify-of.ts'
import type { IdentifyPlan } from '../../compile/plan.ts'
import type { CompiledApi, CompiledApplication, Snapshot } from '../../compile/snapshot.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { VerifiedToken } from '../../domain/token.ts'

/** What a caller showed, checked as far as it can be without knowing applications. */
export interface Credentials {
  /** Undefined: there is no token. */
  readonly verified: Pick<VerifiedToken, 'claims' | 'issuerId' | 'iss' | 'voucher'> | undefined
  /** Hash of the API key; undefined: there is none. */
  readonly apiKeyHash: string | undefined
}

type Found = Result<CompiledApplication | undefined, Reject>

const nobody: Found = ok(undefined)

/**
 * Step 12: which application is calling. A bad credential refuses whatever a good one beside it says, and two that name
 * different applications do too (S26). One that is suspended or pending is found like any other, and refused: nothing less
 * specific takes its place. Undefined: this API does not ask, the caller may be nobody (`allowAnonymous`), or no
 * application claims him (`relax`).
 */
export function identify(
  { verified, apiKeyHash }: Credentials,
  api: CompiledApi,
  snapshot: Pick<Snapshot, 'claimIndex' | 'apiKeys' | 'signers'>,
  nowMs: number,
): Found {
  const plan = identifyOf(api.plan)
  if (plan === undefined) return nobody

  const asksKey = plan.apiKey !== undefined && apiKeyHash !== undefined
  const byKey = asksKey ? findByKey(apiKeyHash, api, plan, snapshot.apiKeys, nowMs) : nobody
  if (!byKey.ok) return byKey
  const byToken = verified === undefined ? nobody : findByToken(verified, api, plan, snapshot)
  if (!byToken.ok && !yieldsToKey(byToken.error, byKey.value, plan)) return byToken
  const claimed = byToken.ok ? byToken.value : undefined

  if (plan.connector === 'and' && byKey.value === undefined) return keyMissing(plan)
  if (plan.connector === 'and' && claimed === undefined) return unidentified(plan)
  const application = byKey.value ?? claimed
  if (application === undefined) return mayBeNobody(verified !== undefined, plan) ? nobody : keyMissing(plan)
  if (claimed !== undefined && claimed !== application) return ambiguous([application, claimed], plan.rule)
  const { id, status, rule } = application.plan
  return status === 'active'
    ? ok(application)
    : err({ reason: 'application_inactive', application: id, status, rule: `${rule}.status` })
}

/** A good token that is nobody's stands in the way of no API key, where one of the two is enough. */
function yieldsToKey({ reason }: Reject, byKey: CompiledApplication | undefined, { connector }: IdentifyPlan): boolean {
  return reason === 'application_unidentified' && byKey !== undefined && connector === 'or'
}

/** A token that got here is good: where tokens tell applications apart, it is nobody's only under `relax`. */
function mayBeNobody(hasToken: boolean, { byClaims, byOwnTokens, allowAnonymous }: IdentifyPlan): boolean {
  return (hasToken && (byClaims || byOwnTokens)) || allowAnonymous
}

function findByToken(
  token: NonNullable<Credentials['verified']>,
  api: CompiledApi,
  plan: IdentifyPlan,
  { claimIndex, signers }: Pick<Snapshot, 'claimIndex' | 'signers'>,
): Found {
  const { voucher, iss } = token
  if (voucher === 'application') return ofSubscriber(iss === undefined ? undefined : signers.get(iss), api, plan)
  if (plan.byClaims) return findByClaims(token, api, plan, claimIndex)
  if (!plan.byOwnTokens || plan.lookup === 'relax') return nobody
  return unidentified(plan)
}

function ofSubscriber(application: CompiledApplication | undefined, api: CompiledApi, plan: IdentifyPlan): Found {
  if (application === undefined) return unidentified(plan)
  if (plan.lookup !== 'strict' || application.subscriptions.has(api.plan.id)) return ok(application)
  return err({ reason: 'not_subscribed', application: application.plan.id, rule: plan.rule })
}

function findByKey(
  hash: string,
  api: CompiledApi,
  plan: IdentifyPlan,
  apiKeys: Snapshot['apiKeys'],
  nowMs: number,
): Found {
  const found = apiKeys.get(hash)
  if (found === undefined) return err({ reason: 'api_key_invalid', fault: 'unknown', rule: plan.rule })
  const { application } = found
  const { id, validUntilMs, rule } = found.plan
  if (validUntilMs !== undefined && nowMs >= validUntilMs) {
    const at = `${rule}.validUntil`
    return err({
      reason: 'api_key_expired',
      application: application.plan.id,
      key: id,
      untilMs: validUntilMs,
      rule: at,
    })
  }
  return ofSubscriber(application, api, plan)
}

/**
 * The set with the most claims decides, subscribed or not: one that lost its subscription becomes nobody else. Two
 * applications that match as many are told apart by nobody.
 */
function findByClaims(
  { claims, issuerId }: NonNullable<Credentials['verified']>,
  api: CompiledApi,
  plan: IdentifyPlan,
  index: Snapshot['claimIndex'],
): Found {
  const matches = index.find(claims, issuerId)
  const size = matches.reduce((most, { set }) => Math.max(most, set.match.length), 0)
  const [first, ...others] = matches.filter(({ set }) => set.match.length === size)
  if (first === undefined) return plan.lookup === 'relax' ? nobody : unidentified(plan)
  const { application, set } = first
  const rival = others.find((other) => other.application !== application)
  return rival === undefined
    ? ofSubscriber(application, api, plan)
    : ambiguous([application, rival.application], set.rule)
}

function keyMissing({ apiKey, rule }: IdentifyPlan): Found {
  return err({ reason: 'api_key_missing', place: apiKey === undefined ? '' : `${apiKey.kind} ${apiKey.name}`, rule })
}

function unidentified({ rule }: IdentifyPlan): Found {
  return err({ reason: 'application_unidentified', rule })
}

function ambiguous(applications: readonly CompiledApplication[], rule: string): Found {
  return err({ reason: 'application_ambiguous', applications: applications.map(({ plan }) => plan.id), rule })
}
